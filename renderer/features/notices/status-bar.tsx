import { CircleAlert, CircleCheck, CircleOff, LoaderCircle, type LucideIcon } from 'lucide-react'
import type { Account } from '../../../shared/account.ts'
import type { ServiceState } from '../../../shared/contract.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { shownAccount } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './notices.module.css'
import { SelectionSummary } from './selection-summary.tsx'

/** The status bar: the selection, and the state of the shown account's service. */
export function StatusBar() {
  const account = useApp(shownAccount)
  const service = useApp((state) => state.service)
  const restartService = useApp((state) => state.restartService)
  const isLocal = account?.kind === 'this-computer'
  return (
    <footer className={styles.statusBar}>
      <SelectionSummary />
      <span className={styles.gap} />
      {account === null ? null : isLocal ? (
        <span className={styles.state} title={service.problem ?? undefined}>
          <Icon of={serviceIcons[service.state]} className={styles[toneOfService(service)]} size={15} />
          {say(`service.${service.state}`)}
        </span>
      ) : (
        <span className={styles.state} title={account.problem ?? undefined}>
          <Icon of={accountIcons[account.state]} className={styles[toneOfAccount(account)]} size={15} />
          {say(`account.${account.state}`, { name: account.name })}
        </span>
      )}
      {isLocal && service.state === 'failed' ? (
        <Button look="pill" onClick={() => void restartService()}>
          {say('action.restart')}
        </Button>
      ) : null}
    </footer>
  )
}

const serviceIcons: Record<ServiceState['state'], LucideIcon> = {
  off: CircleOff,
  starting: LoaderCircle,
  running: CircleCheck,
  restarting: LoaderCircle,
  failed: CircleAlert,
  unavailable: CircleOff,
}

const accountIcons: Record<Account['state'], LucideIcon> = {
  connecting: LoaderCircle,
  'signed-in': CircleCheck,
  'signed-out': CircleOff,
  unreachable: CircleAlert,
}

function toneOfService({ state }: ServiceState): 'good' | 'bad' | 'resting' {
  if (state === 'running') return 'good'
  return state === 'failed' || state === 'unavailable' ? 'bad' : 'resting'
}

function toneOfAccount({ state }: Account): 'good' | 'bad' | 'resting' {
  if (state === 'signed-in') return 'good'
  return state === 'connecting' ? 'resting' : 'bad'
}
