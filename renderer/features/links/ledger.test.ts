import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import { runningOf } from '../../store/disk-space.ts'
import { type Available, chooseBest, keepLedger, ticksAtFirst } from './ledger.ts'

const row = (sizeBytes: number | null, more: Partial<AnalyzedLink> = {}): AnalyzedLink => ({
  kind: 'file',
  name: 'a',
  host: 'h',
  links: ['http://h/a'],
  sizeBytes,
  bandwidthBytes: 0,
  problem: null,
  needsPassword: false,
  seeds: null,
  entryCount: null,
  unpackedBytes: null,
  note: null,
  ...more,
})
const means = (more: Partial<Available> = {}): Available => ({
  diskFreeBytes: 100,
  bandwidthLeftBytes: 50,
  largestFileBytes: null,
  runningBytes: 10,
  ...more,
})
const transfer = (more: Partial<Transfer>): Transfer => ({
  id: 1,
  name: 'a',
  status: 'downloading',
  serviceStatus: null,
  percentDone: 0,
  sizeBytes: 100,
  downloadedBytes: null,
  speedBytesPerSecond: null,
  secondsLeft: null,
  reason: null,
  host: null,
  folderId: null,
  uploadedBytes: null,
  peers: null,
  stagePercent: null,
  canPlay: false,
  failure: null,
  statusSinceMs: null,
  addedAtMs: null,
  isTorrent: false,
  areLinksKnown: false,
  isCancelled: false,
  unpackedBytes: null,
  ...more,
})

it('counts what running transfers will still take, and ignores those that take nothing more', () => {
  expect(
    runningOf([
      transfer({ downloadedBytes: 30 }),
      transfer({ percentDone: 50, status: 'extracting' }),
      transfer({ status: 'waiting' }),
      transfer({ status: 'error' }),
      transfer({ status: 'seeding', percentDone: 10 }),
      transfer({ sizeBytes: null, status: 'looking-for-peers' }),
      transfer({ downloadedBytes: 130 }),
    ]),
  ).toEqual({ bytes: 220, unknownCount: 1 })
})

it('charges ticked rows in order, and checks the others against what is left', () => {
  const rows = [
    row(60),
    row(40),
    row(20, { bandwidthBytes: 60 }),
    row(null),
    row(null, { kind: 'problem', problem: 'gone' }),
    row(200),
    row(10, { bandwidthBytes: 5 }),
  ]
  expect(keepLedger(rows, (at) => [0, 3, 6].includes(at), means())).toEqual({
    fits: [
      { kind: 'fits' },
      { kind: 'disk-over', overBytes: 20 },
      { kind: 'bandwidth-over', overBytes: 15 },
      { kind: 'unknown-size' },
      { kind: 'problem' },
      { kind: 'disk-over', overBytes: 180 },
      { kind: 'fits' },
    ],
    batchDiskBytes: 70,
    batchBandwidthBytes: 5,
    unknownCount: 1,
    diskLeftBytes: 20,
    peakLeftBytes: 20,
    bandwidthLeftBytes: 45,
  })
})

it('does not say that nothing fits where the service does not report what is free', () => {
  const unknown = means({ diskFreeBytes: null, bandwidthLeftBytes: null })
  const rows = [row(80), row(1e15), row(null)]
  expect(keepLedger(rows, () => true, unknown)).toMatchObject({
    fits: [{ kind: 'fits' }, { kind: 'fits' }, { kind: 'unknown-size' }],
    diskLeftBytes: null,
    peakLeftBytes: null,
  })
  expect([ticksAtFirst(rows, unknown).size, chooseBest(rows, unknown).size]).toEqual([3, 2])
})

it('goes negative when too much is ticked, and says by how much each row is too large', () => {
  const ledger = keepLedger([row(80), row(80)], () => true, means({ bandwidthLeftBytes: null }))
  expect(ledger).toEqual({
    fits: [{ kind: 'fits' }, { kind: 'disk-over', overBytes: 70 }],
    batchDiskBytes: 160,
    batchBandwidthBytes: 0,
    unknownCount: 0,
    diskLeftBytes: -70,
    peakLeftBytes: -70,
    bandwidthLeftBytes: null,
  })
})

it('applies the limit on a single file, but not to multipart archives or torrents', () => {
  const rows = [row(30), row(30, { kind: 'multipart' }), row(30, { kind: 'torrent' })]
  expect(keepLedger(rows, () => false, means({ largestFileBytes: 20 })).fits).toEqual([
    { kind: 'file-over', limitBytes: 20 },
    { kind: 'fits' },
    { kind: 'fits' },
  ])
})

it('counts an archive by its unpacked size, and reserves space for both while it is unpacked', () => {
  const rows = [row(20, { unpackedBytes: 50 }), row(10, { unpackedBytes: 5 }), row(30, { unpackedBytes: 10 })]
  expect(keepLedger(rows, () => true, means())).toMatchObject({
    fits: [{ kind: 'fits' }, { kind: 'fits' }, { kind: 'disk-over', overBytes: 5 }],
    batchDiskBytes: 65,
    diskLeftBytes: 25,
    peakLeftBytes: -5,
  })
})

it('initially ticks what fits in order, and never what cannot be fetched', () => {
  const rows = [row(80), row(20), row(5), row(null), row(null, { kind: 'problem', problem: 'gone' })]
  expect([...ticksAtFirst(rows, means())]).toEqual([0, 2, 3])
})

it('chooses as many rows as can fit when only disk space counts', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 9 })
  fc.assert(
    fc.property(sizes, (all) => {
      const rows = all.map((size) => row(size))
      const chosen = chooseBest(rows, means({ bandwidthLeftBytes: null }))
      let most = 0
      for (let mask = 0; mask < 2 ** all.length; mask++) {
        const subset = all.filter((_, at) => mask & (1 << at))
        if (subset.reduce((sum, size) => sum + size, 0) <= 90) most = Math.max(most, subset.length)
      }
      expect(chosen.size).toBe(most)
    }),
  )
})

it('never chooses more than fits into either quota', () => {
  const links = fc.array(fc.record({ size: fc.integer({ min: 0, max: 60 }), band: fc.integer({ min: 0, max: 60 }) }))
  fc.assert(
    fc.property(links, (all) => {
      const rows = all.map(({ size, band }) => row(size, { bandwidthBytes: band }))
      const chosen = chooseBest(rows, means())
      const ledger = keepLedger(rows, (at) => chosen.has(at), means())
      expect(ledger.diskLeftBytes).toBeGreaterThanOrEqual(0)
      expect(ledger.bandwidthLeftBytes).toBeGreaterThanOrEqual(0)
    }),
  )
})

it('counts waiting transfers with the size that their analysis found', () => {
  // 2 GB free, 1.9 GB queued: 750 MB more do not fit.
  const gigabyte = 1e9
  const queued = transfer({ status: 'waiting', sizeBytes: 1.9 * gigabyte, downloadedBytes: 0 })
  const { bytes } = runningOf([queued])
  const available = means({ diskFreeBytes: 2 * gigabyte, runningBytes: bytes, bandwidthLeftBytes: null })
  expect(keepLedger([row(0.75 * gigabyte)], () => true, available)).toMatchObject({
    fits: [{ kind: 'disk-over', overBytes: 0.65 * gigabyte }],
    diskLeftBytes: -0.65 * gigabyte,
  })
})
