import type { AccountId } from '../../shared/account.ts'
import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import { say } from '../words/say.ts'
import type { Row } from './listing.ts'
import { capabilitiesOf } from './selectors.ts'
import type { Slice } from './store.ts'
import type { Act } from './undo.ts'

export interface UnpackingSlice {
  /** Unpacks an archive at the service, and asks for its password if it needs one. */
  unpack(accountId: AccountId, row: Row, password?: string | null): Promise<void>
}

/** Archives of the space that are unpacked there. */
export const unpackingSlice: Slice<UnpackingSlice> = (client) => (_set, get) => {
  function askForPassword(accountId: AccountId, row: Row, isWrong: boolean) {
    const ask = () => get().open({ kind: 'unpack-password', accountId, row, isWrong })
    if (get().dialog === null) ask()
    else
      get().showError(say('unpack.needsPassword', { name: row.name }), [{ label: say('transfers.password'), run: ask }])
  }

  /** The act, which is final if the service does not tell the folder. */
  function unpacked(
    accountId: AccountId,
    row: Row,
    { folderId, note }: { folderId: ItemId | null; note: string | null },
  ): Act {
    const reversal = { undo: null, redo: null }
    return {
      sentence: say('unpack.done', { name: row.name }),
      problem: note,
      actions: [{ label: say('action.show'), run: () => get().goTo(accountId, row.parentId, folderId ?? row.id) }],
      ...(folderId === null ? reversal : inTrash(accountId, folderId)),
    }
  }

  function inTrash(accountId: AccountId, folderId: ItemId): Pick<Act, 'undo' | 'redo'> {
    const { hasTrash } = capabilitiesOf(get(), accountId)
    return {
      undo: async () => {
        const [refusal] = await client.call('items.delete', { accountId, itemIds: [folderId] })
        if (refusal !== undefined) throw new AppError('refused', refusal.sentence)
        return null
      },
      redo: hasTrash ? async () => (await get().restoreItems(accountId, [folderId])).problem : null,
    }
  }

  return {
    unpack: (accountId, row, password = null) =>
      get().attempt(async () => {
        // It may take long, and undo must not wait for it: the act begins when it is done.
        const { outcome, ...result } = await get().follow(
          ({ done: percent }) => say('unpack.progress', { name: row.name, percent }),
          (options) => client.call('items.extract', { accountId, itemId: row.id, password }, options),
        )
        if (outcome === 'unpacked') await get().act(async () => unpacked(accountId, row, result))
        else askForPassword(accountId, row, outcome === 'wrong-password')
      }),
  }
}
