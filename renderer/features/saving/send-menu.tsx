import { FolderSearch, X } from 'lucide-react'
import type { SendId } from '../../../shared/send.ts'
import { keysOf } from '../../parts/keys.ts'
import { type MenuAction, PointerMenu } from '../../parts/pointer-menu.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { moveOfSend } from './move.ts'
import { turnEntries } from './turn-entries.ts'

/** The context menu of the selected sends. */
export function SendMenu({ x, y, sendIds }: { x: number; y: number; sendIds: readonly SendId[] }) {
  const state = useAppStore().getState()
  const sends = sendIds.flatMap((id) => state.sends.get(id) ?? [])
  const [only] = sends.length === 1 ? sends : []
  const areSent = sends.every(({ status }) => status === 'sent')
  const opening: MenuAction[] =
    only === undefined
      ? []
      : [{ label: say('action.show'), icon: FolderSearch, keys: 'Enter', run: () => state.showSend(only.id) }]
  const acting = turnEntries(sends.map(moveOfSend), { pause: state.pauseSends, resume: state.resumeSends })
  const removing: MenuAction[] = [
    {
      label: say(areSent ? 'saves.removeDo' : 'sends.stopDo'),
      icon: X,
      keys: keysOf('Delete'),
      run: () => void state.removeSends(sendIds),
    },
  ]
  return <PointerMenu x={x} y={y} groups={[opening, acting, removing]} onClose={() => state.openMenu(null)} />
}
