import { useId, useState } from 'react'
import type { Settings } from '../../../shared/settings.ts'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './settings.module.css'

/** Which player plays what, the person's own player, and the languages of subtitles. */
export function PlayingSettings({ settings }: { settings: Settings }) {
  const { changeSettings } = useAppStore().getState()
  const players = useApp((state) => state.players)
  const id = useId()
  const choose = (key: 'playerId' | 'soundPlayerId', first: string) => (
    <select
      id={`${id}-${key}`}
      className={styles.select}
      value={settings[key] ?? ''}
      onChange={(event) => void changeSettings({ [key]: event.target.value === '' ? null : event.target.value })}
    >
      <option value="">{first}</option>
      {players?.map((player) => (
        <option key={player.id} value={player.id}>
          {player.name}
        </option>
      ))}
    </select>
  )
  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.playing')}
      </h3>
      {players !== null && players.length === 0 ? (
        <p className={styles.hint}>{say('settings.player.none')}</p>
      ) : (
        <div className={styles.pair}>
          <div className={styles.field}>
            <label htmlFor={`${id}-playerId`}>{say('settings.player')}</label>
            {choose('playerId', say('settings.player.first'))}
          </div>
          <div className={styles.field}>
            <label htmlFor={`${id}-soundPlayerId`}>{say('settings.soundPlayer')}</label>
            {choose('soundPlayerId', say('settings.soundPlayer.same'))}
          </div>
        </div>
      )}
      <TextField
        label={say('settings.subtitleLanguages')}
        hint={say('settings.subtitleLanguagesHint')}
        placeholder={say('settings.subtitleLanguages.system')}
        value={settings.subtitleLanguages.join(', ')}
        toChange={(text) => ({ subtitleLanguages: text.split(/[\s,;]+/).filter(Boolean) })}
      />
      <TextField
        label={say('settings.ownPlayer')}
        hint={say('settings.ownPlayerHint', { example: 'player --start={seconds} --sub={subtitle} {link}' })}
        placeholder={say('settings.ownPlayer.none')}
        value={settings.ownPlayer ?? ''}
        toChange={(text) => ({ ownPlayer: text === '' ? null : text })}
      />
    </section>
  )
}

interface FieldProps {
  label: string
  hint: string
  placeholder: string
  value: string
  toChange(text: string): Partial<Settings>
}

/** A line of text. Applied on blur or Enter; a refusal stays below it until the text changes. */
function TextField({ label, hint, placeholder, value, toChange }: FieldProps) {
  const { tryChangeSettings, loadPlayers } = useAppStore().getState()
  const [typed, setTyped] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const id = useId()

  async function apply() {
    if (typed === null || problem !== null) return
    try {
      if (typed.trim() !== value) await tryChangeSettings(toChange(typed.trim()))
      setTyped(null)
      await loadPlayers()
    } catch (error) {
      setProblem(sentenceOf(error))
    }
  }

  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={styles.input}
        placeholder={placeholder}
        spellCheck={false}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? `${id}-hint` : `${id}-problem`}
        value={typed ?? value}
        onChange={(event) => {
          setTyped(event.target.value)
          setProblem(null)
        }}
        onBlur={() => void apply()}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void apply()
        }}
      />
      {problem === null ? (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      ) : (
        <p id={`${id}-problem`} role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </div>
  )
}
