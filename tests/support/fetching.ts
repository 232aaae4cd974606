import { type Announced, type Fetched, type FetchOptions, fetchToPart } from '../../engine/fetch/fetch.ts'
import { createGate } from '../../engine/net/gate.ts'
import type { ResumeRecord } from '../../engine/resume.ts'

/** How a fetch ended, and everything that it reported on the way, in order. */
export interface Observed {
  /** Null where the fetch failed. */
  result: Fetched | null
  /** Why the fetch failed, or null. */
  error: Error | null
  /** The number of bytes of the whole file, or the message of the error. */
  outcome: number | string
  /** The sentences it reported; null means that the trouble was over. */
  troubles: (string | null)[]
  /** `troubles` without the nulls. */
  sentences: string[]
  /** How long it waited before each further attempt, in milliseconds. The waiting itself is left out. */
  waits: number[]
  lengths: number[]
  records: { record: ResumeRecord; atMs: number }[]
  /** The last record, or the one it was given. */
  resume: ResumeRecord | null
  starts: Announced[]
}

/** Fetches from this machine without waiting between attempts; `options` may replace every other choice. */
export async function observeFetch(
  options: Partial<FetchOptions> & Pick<FetchOptions, 'link' | 'partPath'>,
): Promise<Observed> {
  const seen: Observed = {
    result: null,
    error: null,
    outcome: '',
    troubles: [],
    sentences: [],
    waits: [],
    lengths: [],
    records: [],
    resume: options.resume ?? null,
    starts: [],
  }
  try {
    seen.result = await fetchToPart({
      gate: createGate({ allowHosts: ['127.0.0.1', 'localhost'] }),
      signal: new AbortController().signal,
      resume: null,
      bootId: 'this boot',
      random: () => 0.5,
      sleep: async (ms) => {
        seen.waits.push(ms)
      },
      ...options,
      onStart: (announced) => {
        seen.starts.push(announced)
        return options.onStart?.(announced)
      },
      onTrouble: (sentence) => {
        seen.troubles.push(sentence)
        if (sentence !== null) seen.sentences.push(sentence)
        options.onTrouble?.(sentence)
      },
      onBytes: (length) => {
        seen.lengths.push(length)
        return options.onBytes?.(length)
      },
      onCheckpoint: (record) => {
        seen.resume = record
        seen.records.push({ record, atMs: performance.now() })
        return options.onCheckpoint?.(record)
      },
    })
    seen.outcome = seen.result.sizeBytes
  } catch (error) {
    seen.error = error instanceof Error ? error : new Error(`${error}`)
    seen.outcome = seen.error.message
  }
  return seen
}
