import { useEffect, useState } from 'react'
import { LookError } from '../../contents/content.ts'
import { isCancelled, isUnreachable, sentenceOf } from '../../store/sentence.ts'
import { untrustedOriginOf } from '../../store/trust.ts'
import { say } from '../../words/say.ts'

/** Why something could not be loaded. */
export interface Failure {
  sentence: string
  /** The host that the person has to agree to first. */
  untrustedOrigin: string | null
  /** True if trying again may help. */
  isPassing: boolean
}

export type Loaded<T> = { value: T } | Failure | null

/** Loads something once; null until it is there. `load` must not change between renderings. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>(null)
  useEffect(() => {
    const stop = new AbortController()
    load(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setLoaded({ value })
      },
      (error: unknown) => {
        if (stop.signal.aborted || isCancelled(error)) return
        const sentence = error instanceof LookError ? say(`look.${error.problem}`) : sentenceOf(error)
        const isPassing = error instanceof LookError ? error.problem === 'unreadable' : isUnreachable(error)
        setLoaded({ sentence, untrustedOrigin: untrustedOriginOf(error), isPassing })
      },
    )
    return () => stop.abort()
  }, [load])
  return loaded
}
