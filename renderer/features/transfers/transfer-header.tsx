import { History } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { SlotMeter } from './slot-meter.tsx'

/** The slots of the service, and the way to the history. */
export function TransferHeader() {
  const accountId = useApp((state) => state.place?.accountId ?? null)
  const open = useApp((state) => state.open)
  return (
    <>
      <SlotMeter />
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
