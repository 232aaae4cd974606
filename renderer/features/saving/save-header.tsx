import { useMemo } from 'react'
import { useApp } from '../../store/use-app.ts'
import { moveOfSave, saveWords } from './move.ts'
import { MoveBar, MoveCount } from './move-header.tsx'

/** What is being saved, in one line. */
export function SaveSummary() {
  return <MoveCount moves={useMoves()} words={saveWords} />
}

/** Acts on everything that is saved here. */
export function SaveHeader() {
  const pause = useApp((state) => state.pauseSaves)
  const resume = useApp((state) => state.resumeSaves)
  const remove = useApp((state) => state.removeSaves)
  return <MoveBar moves={useMoves()} words={saveWords} acts={{ pause, resume, remove }} />
}

function useMoves() {
  const saves = useApp((state) => state.saves)
  return useMemo(() => [...saves.values()].map(moveOfSave), [saves])
}
