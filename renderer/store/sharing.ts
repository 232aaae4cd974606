import type { AccountId } from '../../shared/account.ts'
import type { ItemId } from '../../shared/item.ts'
import type { Audience, ItemAccess, PublicLink } from '../../shared/sharing.ts'
import { say } from '../words/say.ts'
import { visibleName } from '../words/visible-name.ts'
import type { Slice } from './store.ts'
import { final } from './undo.ts'

/** An item that is shared, as far as a message names it. */
export interface Shareable {
  id: ItemId
  name: string
}

export interface SharingSlice {
  accessTo(accountId: AccountId, itemId: ItemId, signal: AbortSignal): Promise<ItemAccess>
  shareItem(accountId: AccountId, item: Shareable, change: { before: Audience; after: Audience }): Promise<void>
  makeLink(accountId: AccountId, item: Shareable): Promise<PublicLink | null>
  /** Ends a public link. A new one has another address, so that this cannot be undone. */
  removeLink(accountId: AccountId, item: Shareable, linkId: number): Promise<void>
}

/** Who can read the items of an account. */
export const sharingSlice: Slice<SharingSlice> = (client) => (_set, get) => ({
  accessTo: (accountId, itemId, signal) => client.call('sharing.access', { accountId, itemId }, { signal }),
  shareItem: (accountId, { id, name }, { before, after }) =>
    get().act(async () => {
      const shareWith = (audience: Audience) => async () => {
        await client.call('sharing.share', { accountId, itemId: id, audience })
        return null
      }
      const redo = shareWith(after)
      await redo()
      const isShared = after.isEveryone || after.people.length > 0
      const shown = visibleName(name)
      return {
        sentence: isShared ? say('sharing.shared', { name: shown }) : say('sharing.notShared', { name: shown }),
        undo: shareWith(before),
        redo,
        isQuiet: true,
      }
    }),
  makeLink: async (accountId, { id, name }) => {
    let made: PublicLink | null = null
    await get().act(async () => {
      const link = await client.call('sharing.makeLink', { accountId, itemId: id })
      made = link
      const undo = async () => {
        await client.call('sharing.removeLink', { accountId, linkId: link.id })
        return null
      }
      return { sentence: say('sharing.linked', { name: visibleName(name) }), undo, redo: null, isQuiet: true }
    })
    return made
  },
  removeLink: (accountId, { name }, linkId) =>
    get().act(async () => {
      await client.call('sharing.removeLink', { accountId, linkId })
      return final(say('sharing.unlinked', { name: visibleName(name) }))
    }),
})
