import { expect, it } from 'vitest'
import { type Available, keepLedger, ticksAtFirst } from '../../renderer/features/links/ledger.ts'
import { freeAfter, runningOf } from '../../renderer/store/disk-space.ts'
import type { AnalyzedLink } from '../../shared/analysis.ts'
import type { Transfer } from '../../shared/transfer.ts'
import { seededRandom } from '../support/seed.ts'

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

/** A service whose space is counted byte by byte, and the window's view of it, which lags behind. */
function simulate(random: () => number) {
  const below = (max: number) => Math.floor(random() * max)
  const total = 1_000_000
  let stored = below(total / 4)
  let lastId = 0
  /** `final` is what it takes in the end. */
  const truth = new Map<number, { transfer: Transfer; final: number }>()
  const free = () =>
    total - stored - [...truth.values()].reduce((sum, one) => sum + (one.transfer.downloadedBytes ?? 0), 0)
  const list = () => new Map([...truth].map(([id, one]) => [id, one.transfer]))
  const set = (id: number, change: Partial<Transfer>) => {
    const one = truth.get(id)
    if (one !== undefined) one.transfer = { ...one.transfer, ...change }
  }
  const steps = {
    add: () => {
      const id = ++lastId
      const sizeBytes = below(total / 10)
      const unpackedBytes = random() < 0.3 ? sizeBytes + below(total / 10) : null
      const queued = transfer({ id, status: 'waiting', sizeBytes, unpackedBytes, downloadedBytes: 0 })
      truth.set(id, { transfer: queued, final: unpackedBytes ?? sizeBytes })
    },
    progress: () => {
      for (const [id, { transfer: one }] of truth) {
        if (one.status === 'error' || random() < 0.4) continue
        const size = one.sizeBytes ?? 0
        const downloadedBytes = Math.min(size, (one.downloadedBytes ?? 0) + below(size + 1))
        set(id, { status: downloadedBytes === size ? 'completing' : 'downloading', downloadedBytes })
      }
    },
    finish: () => {
      for (const [id, { transfer: one, final }] of truth) {
        if (one.status !== 'completing' || random() < 0.5) continue
        truth.delete(id)
        stored += final
      }
    },
    cancel: () => {
      for (const id of truth.keys()) if (random() < 0.2) truth.delete(id)
    },
    fail: () => {
      for (const id of truth.keys()) if (random() < 0.1) set(id, { status: 'error' })
    },
    erase: () => {
      stored -= below(stored + 1)
    },
  }
  /** What is free once everything that is queued has arrived, counted anew. */
  const recount = () =>
    [...truth.values()].reduce(
      (sum, { transfer: one, final }) => (one.status === 'error' ? sum : sum - (final - (one.downloadedBytes ?? 0))),
      free(),
    )
  return { steps, free, list, recount, below }
}

it('never promises space that queued transfers need: 500 schedules against a recount', () => {
  const random = seededRandom()
  for (let schedule = 0; schedule < 500; schedule++) {
    const { steps, free, list, recount, below } = simulate(random)
    const acts = Object.values(steps)
    let [known, transfers] = [free(), list()]
    for (let step = 0; step < 40; step++) {
      acts[below(acts.length)]?.()
      const isFresh = random() < 0.3
      const batch = [row(below(100_000)), row(below(100_000), { unpackedBytes: below(200_000) })]
      const now = list()
      known = isFresh ? free() : freeAfter(known, transfers, now)
      transfers = now
      const available = means({
        diskFreeBytes: known,
        bandwidthLeftBytes: null,
        runningBytes: runningOf(now.values()).bytes,
      })
      const ledger = keepLedger(batch, () => true, available)
      const left = recount() - ledger.batchDiskBytes
      expect(ledger.diskLeftBytes, `schedule ${schedule}, step ${step}`).toBeLessThanOrEqual(left)
      if (isFresh) expect(ledger.diskLeftBytes).toBe(left)
      const ticked = ticksAtFirst(batch, available)
      const taken = keepLedger(batch, (at) => ticked.has(at), available)
      if (ticked.size > 0) expect(recount() - taken.batchDiskBytes).toBeGreaterThanOrEqual(0)
    }
  }
})
