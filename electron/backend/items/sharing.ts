import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { PutioClient } from '../putio/client.ts'

/** Handlers for who can read an item. */
export function sharingHandlers(accounts: Accounts): HandlersOf<'sharing'> {
  async function withSharing<T>(accountId: AccountId, act: (client: PutioClient) => Promise<T>): Promise<T> {
    const session = accounts.session(accountId)
    const sentence = `Nothing of “${session.account.name}” can be shared from here.`
    return session.ifAble(({ canShare, canLinkPublicly }) => canShare || canLinkPublicly, sentence, act)
  }
  return {
    'sharing.access': ({ accountId, itemId }, { signal }) =>
      withSharing(accountId, (client) => client.during(signal).access(itemId)),
    'sharing.share': ({ accountId, itemId, audience }) =>
      withSharing(accountId, async (client) => {
        await client.share(itemId, audience)
        return null
      }),
    'sharing.makeLink': ({ accountId, itemId }) => withSharing(accountId, (client) => client.makePublicLink(itemId)),
    'sharing.removeLink': ({ accountId, linkId }) =>
      withSharing(accountId, async (client) => {
        await client.removePublicLink(linkId)
        return null
      }),
  }
}
