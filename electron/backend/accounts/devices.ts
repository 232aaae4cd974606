import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { PutioClient } from '../putio/client.ts'
import type { Accounts } from './accounts.ts'

/** Handlers for letting devices sign in to an account, and for signing them out. */
export function deviceHandlers(accounts: Accounts): HandlersOf<'devices'> {
  async function approving(accountId: AccountId): Promise<PutioClient> {
    const session = accounts.session(accountId)
    if ((await session.capabilities()).canApprove) return session.client()
    throw new AppError('refused', `Devices are signed in to “${session.account.name}” at its service, not here.`)
  }
  return {
    'devices.code': async ({ accountId }) => (await approving(accountId)).deviceCode(),
    'devices.list': async ({ accountId }) => (await approving(accountId)).devices(),
    'devices.signOut': async ({ accountId, deviceId }) => {
      await (await approving(accountId)).signOutDevice(deviceId)
      return null
    },
  }
}
