import { useEffect, useEffectEvent, useState } from 'react'
import type { AccountId } from '../../../shared/account.ts'
import { sentenceOf } from '../../store/sentence.ts'

/** What a sign-in does at its end. */
export interface SignInEnd {
  onDone(accountId: AccountId): void
  /** The sentence says why it failed. */
  onFailed(sentence: string): void
}

/** Starts a sign-in, given what stops it and takes its progress. */
type Start<P> = (options: { signal: AbortSignal; onProgress(progress: P): void }) => Promise<AccountId>

/** Runs a sign-in for as long as the component is mounted. Returns its progress. `start` must not change between renderings. */
export function useSignIn<P>(start: Start<P>, { onDone, onFailed }: SignInEnd): P | null {
  const [progress, setProgress] = useState<P | null>(null)
  const done = useEffectEvent(onDone)
  const failed = useEffectEvent(onFailed)
  useEffect(() => {
    const stop = new AbortController()
    start({ signal: stop.signal, onProgress: setProgress }).then(
      (accountId) => {
        if (!stop.signal.aborted) done(accountId)
      },
      (error: unknown) => {
        if (!stop.signal.aborted) failed(sentenceOf(error))
      },
    )
    return () => stop.abort()
  }, [start])
  return progress
}
