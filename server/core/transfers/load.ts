import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

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
  const measureLoad = createProcessorMeter()
  return () => {
    if (busy !== 'auto') return busy === 'always'
    const elapsedMs = performance.now() - lastMs
    if (elapsedMs >= 1000) {
      const weighted = weightedQueueMs()
      isDiskBusy = (weighted - lastWeighted) / elapsedMs > diskQueue
      lastMs = performance.now()
      lastWeighted = weighted
    }
    return measureLoad() > loadPerCore || isDiskBusy
  }
}

/**
 * Returns a function that tells the load average for each core. Windows has none (Node's `os.loadavg` returns zeros there): its
 * figure is the share of the processors' time that was used in the last second or more, and 2 when all of it was.
 */
function createProcessorMeter(): () => number {
  if (process.platform !== 'win32') return () => (loadavg()[0] ?? 0) / availableParallelism()
  let last = { atMs: Number.NEGATIVE_INFINITY, usedMs: 0, totalMs: 0 }
  let share = 0
  return () => {
    if (performance.now() - last.atMs >= 1000) {
      const now = processorTimes()
      share = (now.usedMs - last.usedMs) / Math.max(1, now.totalMs - last.totalMs)
      last = { atMs: performance.now(), ...now }
    }
    return share > 0.95 ? 2 : share
  }
}

function processorTimes(): { usedMs: number; totalMs: number } {
  let [usedMs, totalMs] = [0, 0]
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    usedMs += used
    totalMs += used + times.idle
  }
  return { usedMs, totalMs }
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
