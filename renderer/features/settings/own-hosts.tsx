import { X } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { problemOfHost } from './problem-of-host.ts'
import styles from './settings.module.css'

/** The hosts on the person's own network that the local service may fetch from. */
export function OwnHosts({ hosts }: { hosts: readonly string[] }) {
  const { tryChangeSettings } = useAppStore().getState()
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const id = useId()

  async function change(next: readonly string[]) {
    try {
      await tryChangeSettings({ hostsOnMyNetwork: [...next] })
      setProblem(null)
      return true
    } catch (error) {
      setProblem(sentenceOf(error))
      return false
    }
  }

  async function add(event: FormEvent) {
    event.preventDefault()
    const host = typed.trim().toLowerCase()
    const wrong = problemOfHost(host, hosts)
    setProblem(wrong)
    if (wrong === null && (await change([...hosts, host]))) setTyped('')
  }

  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.hosts')}
      </h3>
      <p className={styles.hint}>{say('settings.hostsHint')}</p>
      {hosts.length === 0 ? (
        <p className={styles.hint}>{say('settings.hostsEmpty')}</p>
      ) : (
        <ul className={styles.hosts}>
          {hosts.map((host) => (
            <li key={host}>
              <span>{host}</span>
              <IconButton
                icon={X}
                label={say('settings.hostRemove', { host })}
                onClick={() => void change(hosts.filter((other) => other !== host))}
              />
            </li>
          ))}
        </ul>
      )}
      <form className={styles.add} onSubmit={(event) => void add(event)}>
        <input
          className={styles.input}
          aria-label={say('settings.host')}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : `${id}-problem`}
          placeholder={say('settings.host')}
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit">{say('settings.hostAdd')}</Button>
      </form>
      {problem === null ? null : (
        <p id={`${id}-problem`} role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </section>
  )
}
