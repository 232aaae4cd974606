import { useEffect, useId } from 'react'
import { Checkbox } from '../../parts/checkbox.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { BackgroundSettings } from './background-settings.tsx'
import { LimitField } from './limit-field.tsx'
import { NumberField } from './number-field.tsx'
import { OwnHosts } from './own-hosts.tsx'
import { PaidHosters } from './paid-hosters.tsx'
import { parseAppId, parseGigabytes } from './parse-limit.ts'
import { PlayingSettings } from './playing-settings.tsx'
import styles from './settings.module.css'
import { TorrentSettings } from './torrent-settings.tsx'
import { TrashDays } from './trash-days.tsx'
import { TrustedHosts } from './trusted-hosts.tsx'

const themes = ['system', 'light', 'dark'] as const

/** The settings. Each change is applied immediately. */
export function SettingsDialog() {
  const { close, changeSettings, attempt, loadPlayers } = useAppStore().getState()
  const settings = useApp((state) => state.settings)
  const id = useId()

  useEffect(() => {
    void attempt(async () => {
      await loadPlayers()
    })
  }, [attempt, loadPlayers])

  if (settings === null) return null
  return (
    <Dialog title={say('settings.title')} onClose={close}>
      <div className={styles.body}>
        <fieldset className={styles.themes}>
          <legend className={styles.legend}>{say('settings.theme')}</legend>
          {themes.map((theme) => (
            <label key={theme} className={styles.theme}>
              <input
                type="radio"
                name={`${id}-theme`}
                className={styles.radio}
                checked={settings.theme === theme}
                onChange={() => void changeSettings({ theme })}
              />
              {say(`settings.theme.${theme}`)}
            </label>
          ))}
        </fieldset>
        <PlayingSettings settings={settings} />
        <div className={styles.group}>
          <div className={styles.theme}>
            <Checkbox
              id={`${id}-thumbnails`}
              role="switch"
              checked={settings.hasThumbnails}
              aria-describedby={`${id}-thumbnails-hint`}
              onChange={(event) => void changeSettings({ hasThumbnails: event.target.checked })}
            />
            <label htmlFor={`${id}-thumbnails`}>{say('settings.thumbnails')}</label>
          </div>
          <p id={`${id}-thumbnails-hint`} className={styles.hint}>
            {say('settings.thumbnails.hint')}
          </p>
        </div>
        <section className={styles.group} aria-labelledby={`${id}-saving`}>
          <h3 id={`${id}-saving`} className={styles.legend}>
            {say('settings.saving')}
          </h3>
          <LimitField
            label={say('settings.saveLimit')}
            bytesPerSecond={settings.saveLimitBytesPerSecond}
            onChange={(limit) => void changeSettings({ saveLimitBytesPerSecond: limit })}
          />
          <NumberField
            label={say('settings.saveReserve')}
            shown={`${settings.saveReserveBytes / 1e9}`}
            problem={say('settings.saveReserveWrong')}
            parse={parseGigabytes}
            onChange={(saveReserveBytes) => void changeSettings({ saveReserveBytes })}
          />
          <p className={styles.hint}>{say('settings.saveReserveHint')}</p>
        </section>
        <section className={styles.group} aria-labelledby={`${id}-trash`}>
          <h3 id={`${id}-trash`} className={styles.legend}>
            {say('settings.trash')}
          </h3>
          <TrashDays days={settings.trashDays} onChange={(trashDays) => void changeSettings({ trashDays })} />
        </section>
        <BackgroundSettings settings={settings} />
        <section className={styles.group} aria-labelledby={`${id}-putio`}>
          <h3 id={`${id}-putio`} className={styles.legend}>
            {say('settings.putio')}
          </h3>
          <NumberField
            label={say('appId.label')}
            shown={settings.putioAppId ?? ''}
            problem={say('appId.wrong')}
            parse={parseAppId}
            onChange={(putioAppId) => void changeSettings({ putioAppId })}
          />
          <p className={styles.hint}>{say('appId.hint')}</p>
        </section>
        <TrustedHosts />
        <OwnHosts hosts={settings.hostsOnMyNetwork} />
        <TorrentSettings settings={settings} />
        <PaidHosters />
      </div>
    </Dialog>
  )
}
