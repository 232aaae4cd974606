import { Pause, Play, RotateCw } from 'lucide-react'
import type { MenuAction } from '../../parts/pointer-menu.tsx'
import { say } from '../../words/say.ts'
import { isRunning, type Move } from './move.ts'
import type { RowActs } from './use-row-keys.ts'

/** The entries of a menu that pause, continue, and try again. */
export function turnEntries(
  moves: readonly Move[],
  { pause, resume }: Pick<RowActs, 'pause' | 'resume'>,
): MenuAction[] {
  const idsOf = (is: (move: Move) => boolean) => moves.filter(is).map(({ id }) => id)
  const running = idsOf(isRunning)
  const paused = idsOf(({ status }) => status === 'paused')
  const failed = idsOf(({ status }) => status === 'error')
  const keys = 'Space'
  const entries: MenuAction[] = []
  if (running.length > 0)
    entries.push({ label: say('saves.pauseDo'), icon: Pause, keys, run: () => void pause(running) })
  if (paused.length > 0)
    entries.push({ label: say('saves.resumeDo'), icon: Play, keys, run: () => void resume(paused) })
  if (failed.length > 0)
    entries.push({ label: say('action.retry'), icon: RotateCw, keys, run: () => void resume(failed) })
  return entries
}
