import { expect, it } from 'vitest'
import type { Transfer, TransferStatus } from '../../../shared/transfer.ts'
import { summarize } from './summary.ts'

const transfer = (status: TransferStatus, more: Partial<Transfer> = {}) =>
  ({
    status,
    sizeBytes: 10_000,
    downloadedBytes: 0,
    percentDone: 0,
    unpackedBytes: null,
    speedBytesPerSecond: null,
    isCancelled: false,
    ...more,
  }) as Transfer

it('tells what is fetched, queued and failed apart, with the speed of all and the time that is left', () => {
  const transfers = [
    transfer('downloading', { downloadedBytes: 4000, speedBytesPerSecond: 1500 }),
    transfer('looking-for-peers', { isCancelled: true, speedBytesPerSecond: 900 }),
    transfer('downloading-and-seeding', { downloadedBytes: 6000, speedBytesPerSecond: 500 }),
    transfer('in-queue'),
    transfer('waiting'),
    transfer('seeding', { speedBytesPerSecond: 9000 }),
    transfer('extracting', { unpackedBytes: 90_000 }),
    transfer('error'),
    transfer('error'),
  ]
  expect(summarize(transfers)).toEqual({
    fetching: 2,
    finishing: 1,
    queued: 2,
    sharing: 1,
    failed: 2,
    bytesPerSecond: 2000,
    secondsLeft: 15,
  })
})

it('promises no time while a size is unknown or nothing moves', () => {
  expect(summarize([transfer('downloading')])).toMatchObject({ bytesPerSecond: 0, secondsLeft: null })
  const moving = transfer('downloading', { speedBytesPerSecond: 2000 })
  expect(summarize([moving, transfer('waiting', { sizeBytes: null })])).toMatchObject({
    bytesPerSecond: 2000,
    secondsLeft: null,
  })
})
