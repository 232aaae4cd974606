import type { Transfer } from '../../../shared/transfer.ts'
import { Button } from '../../parts/button.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './transfer-dock.module.css'

interface Props {
  accountId: string
  transfer: Transfer
}

/** How much can be done about a failed transfer: nothing, one thing, or two; two take the place of the bar as well. */
export function countActs({ status, failure, canRetry }: Transfer): 0 | 1 | 2 {
  if (failure === 'needs-password' || failure === 'wrong-password') return 1
  if (failure !== null && failure !== 'other') return 2
  return status === 'error' && canRetry ? 1 : 0
}

/** What can be done about a failure: a password for the archive, another try, or the archive as it is. */
export function TransferActs({ accountId, transfer }: Props) {
  const { open, retryTransfer } = useAppStore().getState()
  const { id, name, failure } = transfer
  if (failure === 'needs-password' || failure === 'wrong-password') {
    return (
      <Button
        className={styles.act}
        aria-label={say('transfers.passwordOf', { name })}
        onClick={() => open({ kind: 'archive-password', accountId, transferId: id })}
      >
        {say('transfers.password')}
      </Button>
    )
  }
  return (
    <>
      <Button
        className={styles.act}
        aria-label={say('transfers.retry', { name })}
        onClick={() => void retryTransfer(accountId, id)}
      >
        {say('act.retry')}
      </Button>
      {countActs(transfer) === 2 ? (
        <Button
          className={styles.act}
          aria-label={say('transfers.keepOf', { name })}
          onClick={() => void retryTransfer(accountId, id, { password: null, isUnpacked: false })}
        >
          {say('transfers.keep')}
        </Button>
      ) : null}
    </>
  )
}
