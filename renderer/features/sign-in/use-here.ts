import { useState } from 'react'
import { sentenceOf } from '../../store/sentence.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'

/** Starting the local service as an account: whether that is possible, runs, or has failed. */
export function useHere(): {
  isUnavailable: boolean
  isStarting: boolean
  problem: string | null
  /** Resolves to the account, or to null if it failed. */
  start(): Promise<string | null>
} {
  const store = useAppStore()
  const isUnavailable = useApp((state) => state.service.state === 'unavailable')
  const [isStarting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  return {
    isUnavailable,
    isStarting,
    problem,
    start: async () => {
      if (isStarting) return null
      setStarting(true)
      setProblem(null)
      try {
        return await store.getState().addThisComputer()
      } catch (error) {
        setProblem(sentenceOf(error))
        setStarting(false)
        return null
      }
    },
  }
}
