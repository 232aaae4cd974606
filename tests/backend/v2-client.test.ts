import { afterAll, beforeAll, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { type Service, startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ user: 'ann', diskQuota: 1_000_000 })
})
afterAll(() => service.stop())

function clientOf({ url, token }: Pick<Service, 'url' | 'token'>) {
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  return createV2Client({ bases: async () => basesOf(url), token, secrets: new Secrets(), unread, clock: systemClock })
}

it('reads the account, and what its service can do', async () => {
  const { userId, quota, capabilities } = await clientOf(service).account()
  expect(userId).toBe('1')
  expect(quota).toMatchObject({ userName: 'ann', diskTotalBytes: 1_000_000, trash: { items: 0, sizeBytes: 0 } })
  expect(capabilities).toMatchObject({ hasTrash: true, canRetryInPlace: true })
})

it('tells that a wrong token is not accepted', async () => {
  const asked = clientOf({ ...service, token: 'f'.repeat(40) }).account()
  await expect(asked).rejects.toMatchObject({
    code: 'signed-out',
    message: 'The service on this computer no longer accepts this sign-in.',
  })
})
