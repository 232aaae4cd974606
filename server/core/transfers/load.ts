import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** When the load counts as high, so that the active limit holds. */
export interface LoadOptions {
  /** `auto` measures. */
  busy: 'always' | 'never' | 'auto'
  /** Programs that run or wait to, for each core. */
  loadPerCore: number
  /** Requests that a disk has not answered yet, on the average since the last look. */
  diskQueue: number
}

/** Answers whether the load is high now. Source: API v1 §7.4. */
export function createLoadMeter({ busy, loadPerCore, diskQueue }: LoadOptions): () => boolean {
  let [lastMs, lastWeighted] = [performance.now(), weightedQueueMs()]
  let isDiskBusy = false
  return () => {
    if (busy !== 'auto') return busy === 'always'
    const elapsedMs = performance.now() - lastMs
    if (elapsedMs >= 1000) {
      const weighted = weightedQueueMs()
      isDiskBusy = (weighted - lastWeighted) / elapsedMs > diskQueue
      lastMs = performance.now()
      lastWeighted = weighted
    }
    return isDiskBusy || (loadavg()[0] ?? 0) / availableParallelism() > loadPerCore
  }
}

/**
 * How long requests have waited at the busiest disk, summed over the requests: its growth over a time is the average length of the
 * queue. 0 where the system does not tell. Source: Linux, Documentation/admin-guide/iostats.rst, field 11.
 */
function weightedQueueMs(): number {
  try {
    const lines = readFileSync('/proc/diskstats', 'utf8').trim().split('\n')
    return Math.max(0, ...lines.map((line) => Number(line.trim().split(/\s+/)[13] ?? 0)))
  } catch {
    return 0
  }
}
