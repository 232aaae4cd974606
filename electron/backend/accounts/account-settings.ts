import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import type { PutioClient } from '../putio/client.ts'
import type { Session } from './session.ts'

type Names = 'accounts.settings' | 'accounts.changeSettings'

/** Handlers for what is set for an account at its service. */
export function accountSettingsHandlers(
  sessionOf: (accountId: AccountId) => Session,
): Pick<HandlersOf<'accounts'>, Names> {
  async function withSettings<T>(accountId: AccountId, act: (client: PutioClient) => Promise<T>): Promise<T> {
    const session = sessionOf(accountId)
    const sentence = `The settings of “${session.account.name}” cannot be changed here.`
    return session.ifAble(({ hasAccountSettings }) => hasAccountSettings, sentence, act)
  }
  return {
    'accounts.settings': ({ accountId }, { signal }) =>
      withSettings(accountId, (client) => client.during(signal).settings()),
    'accounts.changeSettings': ({ accountId, ...change }) =>
      withSettings(accountId, async (client) => {
        await client.changeSettings(change)
        // What follows from it is known before anything else is done.
        const session = sessionOf(accountId)
        await session.refreshQuota().catch(() => session.notifyChanged([]))
        return null
      }),
  }
}
