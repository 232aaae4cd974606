import type { Transfer } from '../../../shared/transfer.ts'
import { Button } from '../../parts/button.tsx'
import { shownCapabilities } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { actsFor } from './acts-for.ts'
import styles from './transfer-dock.module.css'

interface Props {
  accountId: string
  transfer: Transfer
}

/** What can be done about a failure: a password for the archive, another try, or the archive as it is. */
export function TransferActs({ accountId, transfer }: Props) {
  const { open, retryTransfer } = useAppStore().getState()
  const capabilities = useApp(shownCapabilities)
  const { id, name } = transfer
  const again = { password: null, isUnpacked: true }
  return actsFor(transfer, capabilities).map((act) => {
    switch (act) {
      case 'password':
        return (
          <Button
            key={act}
            className={styles.act}
            aria-label={say('transfers.passwordOf', { name })}
            onClick={() => open({ kind: 'archive-password', accountId, transferId: id })}
          >
            {say('transfers.password')}
          </Button>
        )
      case 'retry':
        return (
          <Button
            key={act}
            className={styles.act}
            aria-label={say('transfers.retry', { name })}
            onClick={() => void retryTransfer(accountId, id, again)}
          >
            {say('act.retry')}
          </Button>
        )
      case 'keep':
        return (
          <Button
            key={act}
            className={styles.act}
            aria-label={say('transfers.keepOf', { name })}
            onClick={() => void retryTransfer(accountId, id, { password: null, isUnpacked: false })}
          >
            {say('transfers.keep')}
          </Button>
        )
      default: {
        const never: never = act
        return never
      }
    }
  })
}
