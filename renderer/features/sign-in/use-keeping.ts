import { useEffect, useState } from 'react'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'

/** Whether the person wants a secret to be kept, and how this computer would protect it. */
export interface Keeping {
  /** Null until it is known. */
  protection: 'protected' | 'plain' | null
  isKept: boolean
  problem: string | null
  setKept(isKept: boolean): void
  /** As a sign-in takes it. */
  input: { isKept: boolean; mayBePlain: boolean }
}

/** By default, a secret is kept where it is protected. */
export function useKeeping(): Keeping {
  const store = useAppStore()
  const [protection, setProtection] = useState<Keeping['protection']>(null)
  const [isKept, setKept] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  useEffect(() => {
    let isUnmounted = false
    store
      .getState()
      .secretProtection()
      .then((answer) => {
        if (isUnmounted) return
        setProtection(answer)
        setKept(answer === 'protected')
      })
      .catch((error: unknown) => setProblem(sentenceOf(error)))
    return () => {
      isUnmounted = true
    }
  }, [store])

  return { protection, isKept, setKept, problem, input: { isKept, mayBePlain: isKept && protection === 'plain' } }
}
