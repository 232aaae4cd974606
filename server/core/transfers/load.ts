import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** When the load counts as high, so that the active limit applies. */
export interface LoadOptions {
  /** `auto` measures the load. */
  busy: 'always' | 'never' | 'auto'
  /** The load average for each core: programs that run or wait to. */
  loadPerCore: number
  /** The average number of requests that wait for a disk, since the last measurement. */
  diskQueue: number
}

/** Returns a function that tells whether the load is high now. Source: API v1 §7.4. */
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
 * The time that requests have waited for the busiest disk, summed over the requests: its growth over a period is the
 * average length of the queue. 0 where the system does not tell. Source: Linux, Documentation/admin-guide/iostats.rst,
 * field 11.
 */
function weightedQueueMs(): number {
  try {
    const lines = readFileSync('/proc/diskstats', 'utf8').trim().split('\n')
    return Math.max(0, ...lines.map((line) => Number(line.trim().split(/\s+/)[13] ?? 0)))
  } catch {
    return 0
  }
}
