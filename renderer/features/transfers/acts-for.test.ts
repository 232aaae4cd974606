import { expect, it } from 'vitest'
import { noCapabilities } from '../../../shared/capabilities.ts'
import { TransferFailure } from '../../../shared/transfer.ts'
import { actsFor } from './acts-for.ts'

const error = { status: 'error', areLinksKnown: false } as const
const able = { ...noCapabilities, canRetryInPlace: true }

it('offers for every failure what repairs it', () => {
  expect(TransferFailure.options.map((failure) => [failure, ...actsFor({ ...error, failure }, able)])).toEqual([
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

it('offers nothing where nothing failed, and the password while a torrent is still shared', () => {
  expect([
    actsFor({ ...error, failure: null }, able),
    actsFor({ ...error, status: 'downloading', failure: null }, able),
    actsFor({ ...error, status: 'seeding', failure: 'needs-password' }, able),
  ]).toEqual([['retry'], [], ['password']])
})

it('offers of a service that cannot retry in place only to add the links again, where they are known', () => {
  const acts = [false, true].flatMap((areLinksKnown) =>
    (['needs-password', 'damaged', null] as const).map((failure) =>
      actsFor({ status: 'error', failure, areLinksKnown }, noCapabilities),
    ),
  )
  expect(acts).toEqual([[], [], [], ['retry'], ['retry'], ['retry']])
})
