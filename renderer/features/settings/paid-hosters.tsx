import { X } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import type { Hoster } from '../../../shared/hoster.ts'
import { Button } from '../../parts/button.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { HosterForm } from './hoster-form.tsx'
import styles from './settings.module.css'

/** The paid hosters that the local service may use on the person's behalf. Credentials are never shown again. */
export function PaidHosters() {
  const { attempt, loadHosters, removeHoster } = useAppStore().getState()
  const hosters = useApp((state) => state.hosters)
  const [isAdding, setAdding] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const id = useId()
  useEffect(() => void attempt(loadHosters), [attempt, loadHosters])

  function remove(host: string) {
    setProblem(null)
    removeHoster(host).catch((error: unknown) => setProblem(sentenceOf(error)))
  }

  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} className={styles.legend}>
        {say('settings.hosters')}
      </h3>
      <p className={styles.hint}>{say('settings.hostersHint')}</p>
      {hosters === null || hosters.length === 0 ? null : (
        <ul className={styles.hosts}>
          {hosters.map((hoster) => (
            <li key={hoster.host}>
              <span>{hoster.host}</span>
              <span className={styles.stored}>{storedAs(hoster)}</span>
              <IconButton
                icon={X}
                label={say('settings.hosterRemove', { host: hoster.host })}
                onClick={() => remove(hoster.host)}
              />
            </li>
          ))}
        </ul>
      )}
      {problem === null ? null : (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      {isAdding ? (
        <HosterForm onDone={() => setAdding(false)} />
      ) : (
        <Button className={styles.more} onClick={() => setAdding(true)}>
          {say('settings.hosterAdd')}
        </Button>
      )}
    </section>
  )
}

function storedAs({ signsInWith, keeping }: Hoster): string {
  if (keeping === 'session') return say('settings.hosterSession')
  return say(signsInWith === 'cookie' ? 'settings.hosterCookieStored' : 'settings.hosterPasswordStored')
}
