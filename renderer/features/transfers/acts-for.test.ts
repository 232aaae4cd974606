import { expect, it } from 'vitest'
import { TransferFailure } from '../../../shared/transfer.ts'
import { actsFor } from './acts-for.ts'

const error = { status: 'error', canRetry: true } as const

it('offers for every failure what repairs it', () => {
  expect(TransferFailure.options.map((failure) => [failure, ...actsFor({ ...error, failure })])).toEqual([
    ['needs-password', 'password'],
    ['wrong-password', 'password'],
    ['damaged', 'retry', 'keep'],
    ['missing-part', 'retry', 'keep'],
    ['unsafe', 'retry', 'keep'],
    ['too-large', 'retry', 'keep'],
    ['unknown-method', 'retry', 'keep'],
    ['failed', 'retry', 'keep'],
    ['other', 'retry'],
  ])
})

it('offers nothing where nothing failed or nothing can be done, and the password while a torrent is still shared', () => {
  expect([
    actsFor({ ...error, failure: null }),
    actsFor({ ...error, failure: null, canRetry: false }),
    actsFor({ status: 'downloading', failure: null, canRetry: true }),
    actsFor({ status: 'seeding', failure: 'needs-password', canRetry: true }),
  ]).toEqual([['retry'], [], [], ['password']])
})
