import { useId } from 'react'
import type { Settings } from '../../../shared/settings.ts'
import { Checkbox } from '../../parts/checkbox.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { LimitField } from './limit-field.tsx'
import styles from './settings.module.css'

/** The torrent settings of the local service: DHT and speed limits. */
export function TorrentSettings({ settings }: { settings: Settings }) {
  const { changeSettings } = useAppStore().getState()
  const id = useId()
  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.torrents')}
      </h3>
      <div className={styles.theme}>
        <Checkbox
          id={`${id}-dht`}
          role="switch"
          checked={settings.isDhtOn}
          aria-describedby={`${id}-hint`}
          onChange={(event) => void changeSettings({ isDhtOn: event.target.checked })}
        />
        <label htmlFor={`${id}-dht`}>{say('settings.dht')}</label>
      </div>
      <p id={`${id}-hint`} className={styles.hint}>
        {say('settings.dhtHint')}
      </p>
      <div className={styles.pair}>
        <LimitField
          label={say('settings.downloadLimit')}
          bytesPerSecond={settings.downloadLimitBytesPerSecond}
          onChange={(limit) => void changeSettings({ downloadLimitBytesPerSecond: limit })}
        />
        <LimitField
          label={say('settings.uploadLimit')}
          bytesPerSecond={settings.uploadLimitBytesPerSecond}
          onChange={(limit) => void changeSettings({ uploadLimitBytesPerSecond: limit })}
        />
      </div>
      <p className={styles.hint}>{say('settings.limitHint')}</p>
    </section>
  )
}
