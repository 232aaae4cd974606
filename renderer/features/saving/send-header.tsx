import { useMemo } from 'react'
import { useApp } from '../../store/use-app.ts'
import { moveOfSend, sendWords } from './move.ts'
import { MoveBar, MoveCount } from './move-header.tsx'

/** What is being sent up, in one line. */
export function SendSummary() {
  return <MoveCount moves={useMoves()} words={sendWords} />
}

/** Acts on everything that is sent up. */
export function SendHeader() {
  const pause = useApp((state) => state.pauseSends)
  const resume = useApp((state) => state.resumeSends)
  const remove = useApp((state) => state.removeSends)
  return <MoveBar moves={useMoves()} words={sendWords} acts={{ pause, resume, remove }} />
}

function useMoves() {
  const sends = useApp((state) => state.sends)
  return useMemo(() => [...sends.values()].map(moveOfSend), [sends])
}
