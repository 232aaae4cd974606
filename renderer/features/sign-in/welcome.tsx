import { CloudDownload, HardDrive, Server } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { ServerForm } from './server-form.tsx'
import styles from './sign-in.module.css'

/** The first launch: start on this computer, or sign in to a server. Notices of the backend are shown above. */
export function Welcome({ notices }: { notices: ReactNode }) {
  const store = useAppStore()
  const service = useApp((state) => state.service)
  const [isServer, setServer] = useState(false)
  const [isStarting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const isUnavailable = service.state === 'unavailable'

  async function start() {
    if (isStarting) return
    setStarting(true)
    setProblem(null)
    try {
      await store.getState().addThisComputer()
    } catch (error) {
      setProblem(sentenceOf(error))
      setStarting(false)
    }
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
        {isServer ? (
          <section className={styles.panel} aria-label={say('signIn.title')}>
            <h2 className={styles.choiceTitle}>{say('signIn.title')}</h2>
            <ServerForm account={null} onDone={() => setServer(false)} onCancel={() => setServer(false)} />
          </section>
        ) : (
          <div className={styles.choices}>
            <section className={styles.card} aria-label={say('welcome.here')}>
              <Icon of={HardDrive} size={22} className={styles.picture} />
              <h2 className={styles.choiceTitle}>{say('welcome.here')}</h2>
              <p className={styles.body}>
                {isUnavailable ? (service.problem ?? say('service.unavailable')) : say('welcome.hereBody')}
              </p>
              {problem === null ? null : (
                <p role="alert" className={styles.problem}>
                  {problem}
                </p>
              )}
              {isUnavailable ? null : (
                <Button look="primary" className={styles.do} aria-disabled={isStarting} onClick={() => void start()}>
                  {say(isStarting ? 'welcome.starting' : 'welcome.hereDo')}
                </Button>
              )}
            </section>
            <section className={styles.card} aria-label={say('welcome.server')}>
              <Icon of={Server} size={22} className={styles.picture} />
              <h2 className={styles.choiceTitle}>{say('welcome.server')}</h2>
              <p className={styles.body}>{say('welcome.serverBody')}</p>
              <Button className={styles.do} onClick={() => setServer(true)}>
                {say('welcome.serverDo')}
              </Button>
            </section>
          </div>
        )}
      </div>
    </main>
  )
}
