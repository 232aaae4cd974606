import { History } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { SlotMeter } from './slot-meter.tsx'
import { TransferSummary } from './transfer-summary.tsx'

/** The slots of the service, what the transfers are doing, and the way to the history. */
export function TransferHeader() {
  const accountId = useApp((state) => state.place?.accountId ?? null)
  const open = useApp((state) => state.open)
  return (
    <>
      <SlotMeter />
      <TransferSummary />
      <Button
        look="pill"
        onClick={() => {
          if (accountId !== null) open({ kind: 'history', accountId })
        }}
      >
        <Icon of={History} size={13} />
        {say('transfers.history')}
      </Button>
    </>
  )
}
