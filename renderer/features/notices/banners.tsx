import { Info, TriangleAlert, X } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { RetryButton } from '../../parts/retry-button.tsx'
import { capabilitiesOf, shownAccount } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './notices.module.css'

/** The banners between toolbar and list: a problem with the account, and the backend's notices. */
export function Banners() {
  const account = useApp(shownAccount)
  const service = useApp((state) => state.service)
  const notices = useApp((state) => state.notices)
  const changedCopies = useApp((state) => state.changedCopies)
  const accounts = useApp((state) => state.accounts)
  const { saveCopy, sendCopy, dismissCopy } = useAppStore().getState()
  const canSend = (accountId: string) => capabilitiesOf({ accounts }, accountId).canUpload
  const { open, refresh, restartService, dismissNotice } = useActions()
  const isLocal = account?.kind === 'this-computer'

  function repairButton() {
    if (account?.state === 'signed-out' && !isLocal) {
      return (
        <Button onClick={() => open({ kind: 'sign-in', accountId: account.id, door: null })}>
          {say('action.signInAgain')}
        </Button>
      )
    }
    if (isLocal && service.state === 'failed') {
      return <Button onClick={() => void restartService()}>{say('action.restart')}</Button>
    }
    return <RetryButton onRetry={refresh} />
  }

  const hasProblem = account?.state === 'signed-out' || account?.state === 'unreachable'
  if (!hasProblem && notices.length === 0 && changedCopies.length === 0) return null
  return (
    <section aria-label={say('notices.label')}>
      {hasProblem ? (
        <div className={styles.trouble} role="alert">
          <Icon of={TriangleAlert} />
          <p>
            {say(account.state === 'signed-out' ? 'banner.signedOut' : 'banner.unreachable', { name: account.name })}{' '}
            {(isLocal ? service.problem : null) ?? account.problem}
          </p>
          {repairButton()}
        </div>
      ) : null}
      {notices.map(({ id, sentence }) => (
        <div key={id} className={styles.notice}>
          <Icon of={Info} />
          <p>{sentence}</p>
          <IconButton icon={X} label={say('action.dismiss')} onClick={() => void dismissNotice(id)} />
        </div>
      ))}
      {changedCopies.map(({ id, accountId, name }) => (
        <div key={id} className={styles.notice}>
          <Icon of={Info} />
          <p>{say('open.changed', { name: visibleName(name) })}</p>
          {canSend(accountId) ? <Button onClick={() => void sendCopy(id)}>{say('open.sendUp')}</Button> : null}
          <Button onClick={() => void saveCopy(id)}>{say('open.saveElsewhere')}</Button>
          <IconButton icon={X} label={say('action.dismiss')} onClick={() => void dismissCopy(id)} />
        </div>
      ))}
    </section>
  )
}

function useActions() {
  return {
    open: useApp((state) => state.open),
    refresh: useApp((state) => state.refresh),
    restartService: useApp((state) => state.restartService),
    dismissNotice: useApp((state) => state.dismissNotice),
  }
}
