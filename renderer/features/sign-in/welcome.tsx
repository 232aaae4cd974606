import { CloudDownload } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { type Door, doors } from './doors.ts'
import styles from './sign-in.module.css'
import { useHere } from './use-here.ts'

/** The first launch: three doors. Notices of the backend are shown above. */
export function Welcome({ notices }: { notices: ReactNode }) {
  const { open } = useAppStore().getState()
  const service = useApp((state) => state.service)
  const here = useHere()

  function enter(door: Door) {
    if (door === 'here') void here.start()
    else open({ kind: 'sign-in', accountId: null, door })
  }

  function bodyOf(door: Door): string {
    if (door !== 'here' || !here.isUnavailable) return say(`welcome.${door}Body`)
    return service.problem ?? say('service.unavailable')
  }

  return (
    <main className={styles.welcome}>
      <div className={styles.notices}>{notices}</div>
      <div className={styles.middle}>
        <span className={styles.mark}>
          <Icon of={CloudDownload} size={30} />
        </span>
        <h1 className={styles.title}>{say('welcome.title')}</h1>
        <p className={styles.lead}>{say('welcome.lead')}</p>
        <div className={styles.choices}>
          {doors.map(({ door, icon }) => (
            <section key={door} className={styles.card} aria-label={say(`welcome.${door}`)}>
              <Icon of={icon} size={24} className={styles.picture} />
              <h2 className={styles.choiceTitle}>{say(`welcome.${door}`)}</h2>
              <p className={styles.body}>{bodyOf(door)}</p>
              {door === 'here' ? <Problem sentence={here.problem} className={styles.problem} /> : null}
              {door === 'here' && here.isUnavailable ? null : (
                <Button
                  look={door === 'putio' ? 'primary' : 'plain'}
                  className={styles.do}
                  aria-disabled={door === 'here' && here.isStarting}
                  onClick={() => enter(door)}
                >
                  {say(door === 'here' && here.isStarting ? 'welcome.starting' : `welcome.${door}Do`)}
                </Button>
              )}
            </section>
          ))}
        </div>
      </div>
    </main>
  )
}
