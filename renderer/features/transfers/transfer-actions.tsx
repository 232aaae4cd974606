import type { Transfer } from '../../../shared/transfer.ts'
import { Button } from '../../parts/button.tsx'
import styles from '../../parts/dock.module.css'
import { shownCapabilities } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { actionsFor } from './actions-for.ts'

interface Props {
  accountId: string
  transfer: Transfer
}

/** The buttons of a transfer that has failed or finds no peers. */
export function TransferActions({ accountId, transfer }: Props) {
  const { open, retryTransfer, reannounceTransfer } = useAppStore().getState()
  const capabilities = useApp(shownCapabilities)
  const { id, name } = transfer
  const again = { password: null, isUnpacked: true }
  return actionsFor(transfer, capabilities).map((action) => {
    switch (action) {
      case 'password':
        return (
          <Button
            key={action}
            className={styles.action}
            aria-label={say('transfers.passwordOf', { name })}
            onClick={() => open({ kind: 'archive-password', accountId, transferId: id })}
          >
            {say('transfers.password')}
          </Button>
        )
      case 'retry':
        return (
          <Button
            key={action}
            className={styles.action}
            aria-label={say('transfers.retry', { name })}
            onClick={() => void retryTransfer(accountId, id, again)}
          >
            {say('action.retry')}
          </Button>
        )
      case 'keep':
        return (
          <Button
            key={action}
            className={styles.action}
            aria-label={say('transfers.keepOf', { name })}
            onClick={() => void retryTransfer(accountId, id, { password: null, isUnpacked: false })}
          >
            {say('transfers.keep')}
          </Button>
        )
      case 'reannounce':
        return (
          <Button
            key={action}
            className={styles.action}
            aria-label={say('transfers.reannounceOf', { name })}
            onClick={() => void reannounceTransfer(accountId, id)}
          >
            {say('transfers.reannounce')}
          </Button>
        )
      default: {
        const never: never = action
        return never
      }
    }
  })
}
