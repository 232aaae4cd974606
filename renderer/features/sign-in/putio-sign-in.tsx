import { useMemo, useState } from 'react'
import type { Account, AccountId } from '../../../shared/account.ts'
import type { Input } from '../../../shared/contract.ts'
import { putioAddress, putioAppIdOf } from '../../../shared/putio-app.ts'
import { Button } from '../../parts/button.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { Advanced } from './advanced.tsx'
import { BrowserView } from './browser-view.tsx'
import { CodeView } from './code-view.tsx'
import { KeepChoice } from './keep-choice.tsx'
import { noAddresses, toService } from './own-service.ts'
import styles from './sign-in.module.css'
import { TokenForm } from './token-form.tsx'
import { useKeeping } from './use-keeping.ts'
import { type Way, Ways } from './ways.tsx'

interface Props {
  /** The account to sign in to again; null adds one. */
  account: Account | null
  onDone(accountId: AccountId): void
  onCancel(): void
}

type TokenInput = Input<'accounts.signInWithCode'>
/** The way that was chosen, with its input; null while the person chooses. */
type Running = { way: Way; input: TokenInput } | null

/** Signs in to a Put.io account, or to another service with the same API: by a code, in the browser, or with a token. */
export function PutioSignIn({ account, onDone, onCancel }: Props) {
  const keeping = useKeeping()
  const appId = useApp(({ settings }) => (settings === null ? null : putioAppIdOf(settings)))
  /** `first` until the person has chosen anything. */
  const [chosen, setRunning] = useState<Running | 'first'>('first')
  const [typed, setTyped] = useState(noAddresses)
  const [problem, setProblem] = useState<string | null>(null)

  const accountId = account?.id ?? null
  const service = account === null ? toService(typed) : null
  const isPutio = account === null ? service === null : account.address === putioAddress
  const isOnlyToken = isPutio && appId === null
  const input: TokenInput = { accountId, service, ...keeping.input }
  // Where the secret is protected, there is nothing to ask first: most people want a code.
  const first = useMemo<Running>(
    () => ({ way: 'code', input: { accountId, service: null, isKept: true, mayBePlain: false } }),
    [accountId],
  )
  const { protection } = keeping
  const isDirect = protection === 'protected' && !isOnlyToken
  const running: Running = chosen === 'first' ? (isDirect ? first : null) : chosen

  function show(way: Way | null) {
    setProblem(null)
    setRunning(way === null ? null : { way, input })
  }
  const end = {
    onDone,
    onFailed: (sentence: string) => {
      setRunning(null)
      setProblem(sentence)
    },
  }

  // It is known in a moment.
  if (chosen === 'first' && protection === null && keeping.problem === null) return <div className={styles.soon} />

  const other = { onOther: () => show(null), onCancel }
  if (running?.way === 'code') return <CodeView input={running.input} {...end} {...other} />
  if (running?.way === 'browser') return <BrowserView input={running.input} {...end} {...other} />
  if (running?.way === 'token')
    return <TokenForm input={running.input} keeping={keeping} onDone={onDone} onOther={() => show(null)} />
  return (
    <div className={styles.view}>
      <Problem sentence={problem ?? keeping.problem} />
      <Ways isOnlyToken={isOnlyToken} isPutio={isPutio} onChoose={show} />
      {account === null ? <Advanced typed={typed} onChange={setTyped} /> : null}
      <KeepChoice keeping={keeping} />
      <footer className={styles.foot}>
        <Button onClick={onCancel}>{say('action.cancel')}</Button>
      </footer>
    </div>
  )
}
