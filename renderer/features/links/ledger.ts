import type { AnalyzedLink } from '../../../shared/analysis.ts'

/** What is available before anything is added, in bytes; null where the service does not report it. */
export interface Available {
  diskFreeBytes: number | null
  bandwidthLeftBytes: number | null
  largestFileBytes: number | null
  /** How much the running transfers will still use, as far as their sizes are known. */
  runningBytes: number
}

/** Whether a row can be added, after the rows ticked before it. */
export type Fit =
  | { kind: 'fits' }
  | { kind: 'unknown-size' }
  | { kind: 'problem' }
  | { kind: 'disk-over'; overBytes: number }
  | { kind: 'bandwidth-over'; overBytes: number }
  | { kind: 'file-over'; limitBytes: number }

export interface Ledger {
  fits: readonly Fit[]
  batchDiskBytes: number
  batchBandwidthBytes: number
  /** The number of ticked rows with unknown size; they are not in the sums. */
  unknownCount: number
  diskLeftBytes: number | null
  /** The space left at the peak: while the last archive is unpacked, it exists both packed and unpacked. */
  peakLeftBytes: number | null
  bandwidthLeftBytes: number | null
}

/** Subtracts the ticked rows one after another. Unticked rows are compared with what is left. */
export function keepLedger(rows: readonly AnalyzedLink[], isTicked: (at: number) => boolean, means: Available): Ledger {
  let disk = diskOf(means)
  let bandwidth = means.bandwidthLeftBytes
  let batchDiskBytes = 0
  let batchBandwidthBytes = 0
  let unknownCount = 0
  let largestPackedBytes = 0
  const fits: Fit[] = []
  rows.forEach((row, at) => {
    if (!isTicked(at)) return
    fits[at] = fitOf(row, disk, bandwidth, means.largestFileBytes)
    if (fits[at].kind === 'problem') return
    if (row.sizeBytes === null) unknownCount++
    if (disk !== null) disk -= keptBytes(row)
    batchDiskBytes += keptBytes(row)
    if (row.unpackedBytes !== null) largestPackedBytes = Math.max(largestPackedBytes, row.sizeBytes ?? 0)
    batchBandwidthBytes += row.bandwidthBytes
    if (bandwidth !== null) bandwidth -= row.bandwidthBytes
  })
  rows.forEach((row, at) => {
    if (!isTicked(at)) fits[at] = fitOf(row, disk, bandwidth, means.largestFileBytes)
  })
  return {
    fits,
    batchDiskBytes,
    batchBandwidthBytes,
    unknownCount,
    diskLeftBytes: disk,
    peakLeftBytes: disk === null ? null : disk - largestPackedBytes,
    bandwidthLeftBytes: bandwidth,
  }
}

/** The disk space that running transfers will leave. */
function diskOf({ diskFreeBytes, runningBytes }: Available): number | null {
  return diskFreeBytes === null ? null : diskFreeBytes - runningBytes
}

/** The disk space that a row finally uses: for an archive, that of its content. */
function keptBytes({ sizeBytes, unpackedBytes }: AnalyzedLink): number {
  return unpackedBytes ?? sizeBytes ?? 0
}

/** The disk space that a row uses at its peak: for a while, an archive exists both packed and unpacked. */
function neededBytes({ sizeBytes, unpackedBytes }: AnalyzedLink): number {
  return (sizeBytes ?? 0) + (unpackedBytes ?? 0)
}

function fitOf(row: AnalyzedLink, disk: number | null, bandwidth: number | null, largestFile: number | null): Fit {
  if (row.kind === 'problem' || row.problem !== null) return { kind: 'problem' }
  if (bandwidth !== null && row.bandwidthBytes > 0 && row.bandwidthBytes > bandwidth) {
    return { kind: 'bandwidth-over', overBytes: row.bandwidthBytes - Math.max(0, bandwidth) }
  }
  if (row.sizeBytes === null) return { kind: 'unknown-size' }
  if (largestFile !== null && row.kind !== 'multipart' && row.kind !== 'torrent' && row.sizeBytes > largestFile) {
    return { kind: 'file-over', limitBytes: largestFile }
  }
  const needed = neededBytes(row)
  if (disk !== null && needed > disk && needed > 0) return { kind: 'disk-over', overBytes: needed - Math.max(0, disk) }
  return { kind: 'fits' }
}

/** The rows to tick initially: in order, each that fits in addition to those before it. Rows of unknown size are ticked too. */
export function ticksAtFirst(rows: readonly AnalyzedLink[], means: Available): Set<number> {
  return take(rows, [...rows.keys()], means, true)
}

/**
 * Chooses as many rows as possible that fit together. With one quota, smallest first is optimal; with two, several orders are tried
 * and the best result wins. Rows of unknown size are left out.
 */
export function chooseBest(rows: readonly AnalyzedLink[], means: Available): Set<number> {
  const disk = Math.max(1, diskOf(means) ?? 1)
  const bandwidth = Math.max(1, means.bandwidthLeftBytes ?? 1)
  const ofDisk = (row: AnalyzedLink) => (means.diskFreeBytes === null ? 0 : neededBytes(row) / disk)
  const ofBandwidth = ({ bandwidthBytes }: AnalyzedLink) =>
    means.bandwidthLeftBytes === null ? 0 : bandwidthBytes / bandwidth
  const costs: ((row: AnalyzedLink) => number)[] = [
    ofDisk,
    ofBandwidth,
    (row) => ofDisk(row) + ofBandwidth(row),
    (row) => Math.max(ofDisk(row), ofBandwidth(row)),
  ]
  let best = new Set<number>()
  for (const cost of costs) {
    const order = rows.map((row, at) => ({ at, cost: cost(row) })).sort((a, b) => a.cost - b.cost || a.at - b.at)
    const taken = take(
      rows,
      order.map(({ at }) => at),
      means,
      false,
    )
    if (taken.size > best.size) best = taken
  }
  return best
}

function take(
  rows: readonly AnalyzedLink[],
  order: readonly number[],
  means: Available,
  takesUnknown: boolean,
): Set<number> {
  let disk = diskOf(means)
  let bandwidth = means.bandwidthLeftBytes
  const taken = new Set<number>()
  for (const at of order) {
    const row = rows[at]
    if (row === undefined) continue
    const { kind } = fitOf(row, disk, bandwidth, means.largestFileBytes)
    if (kind !== 'fits' && !(takesUnknown && kind === 'unknown-size')) continue
    taken.add(at)
    if (disk !== null) disk -= keptBytes(row)
    if (bandwidth !== null) bandwidth -= row.bandwidthBytes
  }
  return taken
}
