import { ArrowDown, ArrowUp, ExternalLink, FolderDown, FolderInput, X } from 'lucide-react'
import type { SaveId } from '../../../shared/save.ts'
import { keysOf } from '../../parts/keys.ts'
import { type MenuAction, PointerMenu } from '../../parts/pointer-menu.tsx'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { moveOfSave } from './move.ts'
import { turnEntries } from './turn-entries.ts'

/** The context menu of the selected saves. */
export function SaveMenu({ x, y, saveIds }: { x: number; y: number; saveIds: readonly SaveId[] }) {
  const state = useAppStore().getState()
  const saves = saveIds.flatMap((id) => state.saves.get(id) ?? [])
  const [only] = saves.length === 1 ? saves : []
  const areSaved = saves.every(({ status }) => status === 'saved')

  const opening: MenuAction[] = []
  if (only?.status === 'saved')
    opening.push({
      label: say('saves.open'),
      icon: ExternalLink,
      keys: 'Enter',
      run: () => void state.openSave(only.id),
    })
  if (only !== undefined)
    opening.push({
      label: say('saves.showInFolder'),
      icon: FolderDown,
      keys: keysOf('Ctrl', 'Enter'),
      run: () => void state.showSave(only.id),
    })

  if (only !== undefined && only.status !== 'saved')
    opening.push({ label: say('saves.elsewhere'), icon: FolderInput, run: () => void state.saveElsewhere(only.id) })

  const acting = turnEntries(saves.map(moveOfSave), { pause: state.pauseSaves, resume: state.resumeSaves })

  const moving: MenuAction[] = [
    {
      label: say('saves.moveUp'),
      icon: ArrowUp,
      keys: keysOf('Ctrl', '↑'),
      run: () => void state.moveSaves(saveIds, 'up'),
    },
    {
      label: say('saves.moveDown'),
      icon: ArrowDown,
      keys: keysOf('Ctrl', '↓'),
      run: () => void state.moveSaves(saveIds, 'down'),
    },
  ]
  const removing: MenuAction[] = [
    {
      label: say(areSaved ? 'saves.removeDo' : 'saves.stopDo'),
      icon: X,
      keys: keysOf('Delete'),
      run: () => void state.removeSaves(saveIds),
    },
  ]
  const groups = [opening, acting, areSaved ? [] : moving, removing]
  return <PointerMenu x={x} y={y} groups={groups} onClose={() => state.openMenu(null)} />
}
