import { CheckCheck, RotateCcw, Trash2 } from 'lucide-react'
import { keysOf } from '../../parts/keys.ts'
import { type MenuAction, PointerMenu } from '../../parts/pointer-menu.tsx'
import { selectAll } from '../../store/selection.ts'
import { allRows, selectedRows } from '../../store/selectors.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { useTrash } from './use-trash.ts'

/** The context menu of the selected items in the trash, or of the trash if none is selected. */
export function TrashMenu({ x, y }: { x: number; y: number }) {
  const state = useAppStore().getState()
  const shown = useTrash()
  const { place } = state
  if (place === null) return null
  const { accountId } = place
  const rows = selectedRows(state)
  const all = allRows(state)

  const ofSelected: MenuAction[] = [
    {
      label: say('action.restore'),
      icon: RotateCcw,
      keys: 'Enter',
      run: () => void state.restoreTrashed(accountId, rows),
    },
    {
      label: say('action.deleteForGood'),
      icon: Trash2,
      keys: keysOf('Delete'),
      isDanger: true,
      run: () => state.open({ kind: 'delete-trashed', accountId, rows, isAll: false }),
    },
  ]
  const ofAll: MenuAction[] = [
    {
      label: say('action.selectAll'),
      icon: CheckCheck,
      keys: keysOf('Ctrl', 'A'),
      run: () => state.setSelection(selectAll(state.selection, shown)),
    },
  ]
  const emptying: MenuAction[] = [
    {
      label: say('action.emptyTrash'),
      icon: Trash2,
      isDanger: true,
      run: () => state.open({ kind: 'delete-trashed', accountId, rows: all, isAll: true }),
    },
  ]
  const groups = all.length === 0 ? [ofAll] : rows.length > 0 ? [ofSelected] : [ofAll, emptying]
  return <PointerMenu x={x} y={y} groups={groups} onClose={() => state.openMenu(null)} />
}
