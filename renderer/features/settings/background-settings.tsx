import { useId } from 'react'
import type { Settings } from '../../../shared/settings.ts'
import { Checkbox } from '../../parts/checkbox.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { type MessageId, say } from '../../words/say.ts'
import styles from './settings.module.css'

type Switch = 'isSleepPrevented' | 'notifiesDone' | 'notifiesFailed' | 'notifiesDiskFull'

const closeActions = ['ask', 'hide', 'quit'] as const
const notifications = [
  ['notifiesDone', 'settings.notifiesDone'],
  ['notifiesFailed', 'settings.notifiesFailed'],
  ['notifiesDiskFull', 'settings.notifiesDiskFull'],
] as const satisfies readonly (readonly [Switch, MessageId])[]

/** What Putdesk does while nobody looks at it: closing, sleep and notifications. */
export function BackgroundSettings({ settings }: { settings: Settings }) {
  const { changeSettings } = useAppStore().getState()
  const id = useId()

  function toggle(name: Switch, label: MessageId) {
    return (
      <div key={name} className={styles.theme}>
        <Checkbox
          id={`${id}-${name}`}
          role="switch"
          checked={settings[name]}
          onChange={(event) => void changeSettings({ [name]: event.target.checked })}
        />
        <label htmlFor={`${id}-${name}`}>{say(label)}</label>
      </div>
    )
  }

  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.background')}
      </h3>
      <div className={styles.field}>
        <label htmlFor={`${id}-close`}>{say('settings.closeAction')}</label>
        <select
          id={`${id}-close`}
          className={styles.select}
          value={settings.closeAction}
          onChange={(event) => {
            const closeAction = closeActions.find((action) => action === event.target.value)
            if (closeAction !== undefined) void changeSettings({ closeAction })
          }}
        >
          {closeActions.map((action) => (
            <option key={action} value={action}>
              {say(`settings.closeAction.${action}`)}
            </option>
          ))}
        </select>
      </div>
      <div className={styles.switches}>{toggle('isSleepPrevented', 'settings.isSleepPrevented')}</div>
      <p className={styles.about}>{say('settings.notifications')}</p>
      <div className={styles.switches}>{notifications.map(([name, label]) => toggle(name, label))}</div>
    </section>
  )
}
