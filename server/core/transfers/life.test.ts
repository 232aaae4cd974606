import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../errors/refusal.ts'
import { firstStatus, next, type Step, type TransferEvent } from './life.ts'
import type { Plan } from './plan.ts'
import { deliveryStatuses, percentDone, type Transfer, type TransferFile } from './transfer.ts'

const file: TransferFile = { path: ['a.zip'], sizeBytes: 10, isWhole: true, resume: null }
const planned = { path: ['a.zip'], from: '0', content: 'content', sizeBytes: 10 }
const plan: Plan = { kind: 'whole', trees: [{ parentId: 0, files: [planned], folders: [] }], replacedIds: [] }

function transfer(changes: Partial<Transfer> = {}): Transfer {
  return {
    id: 1,
    links: ['http://127.0.0.1/a.zip'],
    kind: 'links',
    name: 'a.zip',
    folderId: 0,
    status: 'waiting',
    stage: 'fetching',
    isSharing: false,
    reason: 'a reason',
    failure: null,
    sizeBytes: 10,
    downloadedBytes: 10,
    uploadedBytes: 0,
    paidBytes: 0,
    files: [file],
    torrentResume: null,
    password: null,
    isUnpacked: true,
    plan: null,
    itemIds: null,
    resultId: null,
    content: 'work',
    addedAtSeconds: 0,
    bytesPerSecond: 5,
    peers: 2,
    deliveryStatus: 'in-complete-queue',
    percentUnpacked: 0,
    ...changes,
  }
}

const fetching = ['waiting', 'in-queue', 'looking-for-peers', 'downloading', 'downloading-and-seeding'] as const
const shared = { isSharing: true, status: 'seeding' } as const
const delivering = { stage: 'delivering', plan } as const
const undelivered = { stage: 'undelivered', failure: 'needs-password' } as const

/** Every state that a transfer can be in. */
const states: Record<string, Transfer> = {
  ...Object.fromEntries(fetching.map((status) => [status, transfer({ status })])),
  'fetch failed': transfer({ status: 'error' }),
  ...Object.fromEntries(
    deliveryStatuses.flatMap((status) => [
      [status, transfer({ ...delivering, status, deliveryStatus: status })],
      [`shared, ${status}`, transfer({ ...delivering, ...shared, deliveryStatus: status })],
    ]),
  ),
  undelivered: transfer({ ...undelivered, status: 'error' }),
  'shared, undelivered': transfer({ ...undelivered, ...shared }),
  'shared, delivered': transfer({ stage: 'delivered', ...shared }),
  'leaving, in line': transfer({ stage: 'delivered', status: 'in-complete-queue' }),
  leaving: transfer({ stage: 'delivered', status: 'completing' }),
  completed: transfer({ stage: 'delivered', status: 'completed' }),
}

function nameOf({ status, stage, isSharing, deliveryStatus }: Transfer): string {
  if (stage === 'fetching') return status === 'error' ? 'fetch failed' : status
  if (stage === 'delivering') return isSharing ? `shared, ${deliveryStatus}` : status
  if (stage === 'undelivered') return isSharing ? 'shared, undelivered' : 'undelivered'
  if (isSharing) return 'shared, delivered'
  return status === 'completed' ? 'completed' : status === 'completing' ? 'leaving' : 'leaving, in line'
}

/** One of each event, or one of each variant where it matters. */
const events: Record<string, TransferEvent> = {
  admitted: { type: 'admitted' },
  queued: { type: 'queued', reason: 'another reason' },
  'fetch started': { type: 'fetch-started' },
  'swarm is empty': { type: 'swarm-changed', status: 'looking-for-peers' },
  'swarm sends': { type: 'swarm-changed', status: 'downloading' },
  'swarm sends and takes': { type: 'swarm-changed', status: 'downloading-and-seeding' },
  'sharing started': { type: 'sharing-started' },
  'fetch ended': { type: 'fetch-ended' },
  'fetch failed': { type: 'fetch-failed', reason: 'It failed.' },
  'delivery extracts': { type: 'delivery-advanced', status: 'extracting' },
  delivered: { type: 'delivered', note: null },
  'delivery failed': { type: 'delivery-failed', reason: 'It failed.', failure: 'damaged' },
  'bytes gone': { type: 'bytes-lost', reason: null, areGone: true },
  'bytes changed': { type: 'bytes-lost', reason: 'They were changed.', areGone: false },
  leaving: { type: 'leaving' },
  left: { type: 'left' },
  retried: { type: 'retried', password: 'secret', isUnpacked: true, obstacle: null },
  cancelled: { type: 'cancelled' },
  restarted: { type: 'restarted', hasAllBytes: true },
  'restarted without its bytes': { type: 'restarted', hasAllBytes: false },
}

type Row = Record<string, string>
const each = (names: readonly string[], what: string | ((name: string) => string)): Row =>
  Object.fromEntries(names.map((name) => [name, typeof what === 'string' ? what : what(name)]))

const running = fetching.slice(1)
const ownDeliveries: readonly string[] = deliveryStatuses
const sharedDeliveries = deliveryStatuses.map((status) => `shared, ${status}`)
const deliveries = [...ownDeliveries, ...sharedDeliveries]

const sharingEnds: Row = {
  ...each(sharedDeliveries, (name) => name.slice('shared, '.length)),
  'shared, undelivered': 'undelivered',
  'shared, delivered': 'leaving, in line + leave',
}
const kept = [...deliveries, 'undelivered', 'shared, undelivered']
const allButCompleted = Object.keys(states).filter((name) => name !== 'completed')
const others = (...names: string[]) => allButCompleted.filter((name) => !names.includes(name))
const leavers = ['leaving, in line', 'leaving']

/**
 * How each event changes each state: the next state, and after `+` the effects. A state that is missing stays as it is,
 * without effects.
 */
const table: Record<string, Row> = {
  admitted: { waiting: 'in-queue + fetch' },
  queued: each(running, 'in-queue'),
  'fetch started': { 'in-queue': 'downloading' },
  'swarm is empty': each(running, 'looking-for-peers'),
  'swarm sends': each(running, 'downloading'),
  'swarm sends and takes': each(running, 'downloading-and-seeding'),
  'sharing started': each(running, 'shared, in-complete-queue + deliver'),
  'fetch ended': { ...each(running, 'in-complete-queue + deliver'), ...sharingEnds },
  'fetch failed': { ...each(running, 'fetch failed'), ...sharingEnds },
  'delivery extracts': { ...each(ownDeliveries, 'extracting'), ...each(sharedDeliveries, 'shared, extracting') },
  delivered: { ...each(ownDeliveries, 'completed + forget'), ...each(sharedDeliveries, 'shared, delivered') },
  'delivery failed': {
    ...each([...ownDeliveries, 'undelivered'], 'undelivered'),
    ...each([...sharedDeliveries, 'shared, undelivered'], 'shared, undelivered'),
  },
  'bytes gone': each(kept, 'in-queue + fetch'),
  'bytes changed': each(kept, 'in-queue + fetch'),
  leaving: each(leavers, 'leaving'),
  left: each(leavers, 'completed + forget'),
  retried: {
    ...each(Object.keys(states), 'refused'),
    'fetch failed': 'waiting + discard',
    undelivered: 'in-complete-queue + deliver again',
    'shared, undelivered': 'shared, in-complete-queue + deliver again',
  },
  cancelled: {
    ...each(others(...sharedDeliveries), (name) => `${name} + remove`),
    ...each(sharedDeliveries, (name) => `${name.slice('shared, '.length)} + stop-fetching`),
  },
  restarted: {
    ...each(running, (name) => `${name} + fetch`),
    ...each(ownDeliveries, (name) => `${name} + deliver again`),
    ...each(sharedDeliveries, (name) => `${name} + fetch + deliver again`),
    ...each(['shared, undelivered', 'shared, delivered'], (name) => `${name} + fetch`),
    ...each(leavers, 'leaving, in line + leave'),
  },
  'restarted without its bytes': {
    ...each(running, (name) => `${name} + fetch`),
    ...each(kept, (name) => `${name} + refetch`),
    'shared, delivered': 'shared, delivered + fetch',
    ...each(leavers, 'leaving, in line + leave'),
  },
}

function outcome(before: Transfer, event: TransferEvent): string {
  try {
    return describeStep(before, next(before, event))
  } catch (error) {
    if (error instanceof Refusal) return 'refused'
    throw error
  }
}

function describeStep(before: Transfer, { changes, effects }: Step): string {
  const words = effects.map((effect) => (effect.type === 'deliver' && effect.isResumed ? 'deliver again' : effect.type))
  return [nameOf({ ...before, ...changes }), ...words].join(' + ')
}

describe('the life of a transfer', () => {
  it('distinguishes its states', () => {
    expect(Object.entries(states).map(([name, state]) => [name, nameOf(state)])).toEqual(
      Object.keys(states).map((name) => [name, name]),
    )
  })

  it.each(Object.keys(events))('follows the table in every state: %s', (name) => {
    const event = events[name]
    if (event === undefined) throw new Error('there is no such event')
    const outcomes = Object.entries(states).map(([state, before]) => [state, outcome(before, event)])
    expect(outcomes).toEqual(Object.keys(states).map((state) => [state, table[name]?.[state] ?? state]))
  })

  it('never reaches another state, and never leaves the completed one', () => {
    const anyEvent = fc.constantFrom(...Object.values(events))
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.boolean(), (sequence, isTorrent) => {
        let now = transfer({ ...firstStatus(null), kind: isTorrent ? 'torrent' : 'links' })
        for (const event of sequence) {
          if (outcome(now, event) === 'refused') continue
          const wasCompleted = now.status === 'completed'
          now = { ...now, ...next(now, event).changes }
          expect(Object.keys(states)).toContain(nameOf(now))
          expect(now.isSharing).toBe(now.status === 'seeding')
          expect(percentDone(now) === 100).toBe(now.stage !== 'fetching')
          if (wasCompleted) expect(now.status).toBe('completed')
        }
      }),
    )
  })
})

describe('the details of an event', () => {
  const changesOf = (before: Transfer, event: TransferEvent) => next(before, event).changes

  it('let a new transfer wait, or give it the reason why it cannot be fetched', () => {
    expect([firstStatus(null), firstStatus('No link.')]).toEqual([
      { status: 'waiting', reason: null },
      { status: 'error', reason: 'No link.' },
    ])
  })

  it('let a torrent look for peers first', () => {
    const torrent = transfer({ kind: 'torrent', status: 'in-queue' })
    expect(changesOf(torrent, { type: 'fetch-started' })).toEqual({
      status: 'looking-for-peers',
      reason: null,
      bytesPerSecond: 0,
    })
  })

  it('do not include saving a queued transfer again when its reason stays the same', () => {
    expect(next(transfer({ status: 'in-queue' }), { type: 'queued', reason: 'a reason' })).toEqual({
      changes: {},
      effects: [],
    })
  })

  it('keep no bytes of a failed fetch, and of a torrent not even the list of files', () => {
    const failed = {
      status: 'error',
      reason: 'No.',
      torrentResume: null,
      downloadedBytes: 0,
      plan: null,
      bytesPerSecond: 0,
    }
    const event = { type: 'fetch-failed', reason: 'No.' } as const
    expect(changesOf(transfer({ status: 'downloading' }), event)).toEqual({
      ...failed,
      files: [{ ...file, isWhole: false }],
    })
    expect(changesOf(transfer({ status: 'downloading', kind: 'torrent' }), event)).toEqual({ ...failed, files: [] })
  })

  it('keep the file records when bytes were only changed, and reset them when bytes are gone', () => {
    const before = transfer({ ...delivering, status: 'completing' })
    expect(changesOf(before, { type: 'bytes-lost', reason: null, areGone: false })).not.toHaveProperty('files')
    expect(changesOf(before, { type: 'bytes-lost', reason: null, areGone: true })).toMatchObject({
      files: [{ isWhole: false }],
      downloadedBytes: 0,
    })
  })

  it('remove what was on its way into the space when a transfer is cancelled', () => {
    expect(next(transfer({ ...delivering, status: 'completing' }), { type: 'cancelled' }).effects).toEqual([
      { type: 'remove', contents: ['content'] },
    ])
  })
})

describe('a retry', () => {
  const retried = { type: 'retried', password: null, isUnpacked: true, obstacle: null } as const

  it('fetches a damaged archive again, unless the password or the mode changed', () => {
    const damaged = transfer({ stage: 'undelivered', status: 'error', failure: 'damaged', plan })
    expect(outcome(damaged, retried)).toBe('waiting + discard')
    expect(next(damaged, retried).effects).toEqual([{ type: 'discard', contents: ['content'] }])
    expect(outcome(damaged, { ...retried, password: 'secret' })).toBe('in-complete-queue + deliver again')
    expect(outcome(damaged, { ...retried, isUnpacked: false })).toBe('in-complete-queue + deliver again')
    expect(outcome({ ...damaged, isSharing: true, status: 'seeding' }, retried)).toBe(
      'shared, in-complete-queue + deliver again',
    )
  })

  it('keeps the password unless there is a new one', () => {
    const before = transfer({ ...undelivered, status: 'error', password: 'old' })
    expect([
      next(before, retried).changes.password,
      next(before, { ...retried, password: 'new' }).changes.password,
    ]).toEqual(['old', 'new'])
  })

  it.each([
    ['that has not failed', transfer({ status: 'downloading' }), retried, '“a.zip” has not failed.'],
    [
      'whose links are unknown',
      transfer({ status: 'error', links: [] }),
      retried,
      'The links of this transfer are no longer known. Add them again.',
    ],
    ['whose links cannot be fetched', transfer({ status: 'error' }), { ...retried, obstacle: 'No.' }, 'No.'],
  ])('is refused for a transfer %s', (_what, before, event, sentence) => {
    expect(() => next(before, event)).toThrow(new Refusal(sentence))
  })
})
