import { expect, it } from 'vitest'
import { noCapabilities } from '../../../shared/capabilities.ts'
import { TransferFailure } from '../../../shared/transfer.ts'
import { actionsFor } from './actions-for.ts'

const error = { status: 'error', areLinksKnown: false } as const
const able = { ...noCapabilities, canRetryInPlace: true }

it('offers the actions that repair each failure', () => {
  expect(TransferFailure.options.map((failure) => [failure, ...actionsFor({ ...error, failure }, able)])).toEqual([
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

it('offers a retry for an unknown failure, nothing without one, and the password while a torrent is still seeding', () => {
  expect([
    actionsFor({ ...error, failure: null }, able),
    actionsFor({ ...error, status: 'downloading', failure: null }, able),
    actionsFor({ ...error, status: 'seeding', failure: 'needs-password' }, able),
  ]).toEqual([['retry'], [], ['password']])
})

it('offers to ask for peers again while there are none, if the service can do that', () => {
  const looking = { status: 'looking-for-peers', failure: null, areLinksKnown: true } as const
  const asking = { ...noCapabilities, canReannounce: true }
  expect([actionsFor(looking, asking), actionsFor(looking, noCapabilities)]).toEqual([['reannounce'], []])
  expect(actionsFor({ ...looking, status: 'downloading' }, asking)).toEqual([])
})

it('offers only to add known links again where a service cannot retry in place', () => {
  const actions = [false, true].flatMap((areLinksKnown) =>
    (['needs-password', 'damaged', null] as const).map((failure) =>
      actionsFor({ status: 'error', failure, areLinksKnown }, noCapabilities),
    ),
  )
  expect(actions).toEqual([[], [], [], ['retry'], ['retry'], ['retry']])
})
