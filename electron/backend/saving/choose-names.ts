import { safeName } from '../../../engine/text/names.ts'
import type { Item } from '../../../shared/item.ts'
import type { Conflict } from '../../../shared/save.ts'
import type { PutioClient } from '../putio/client.ts'
import { TakenNames } from './save-folder.ts'

/**
 * A name for each item that is saved. Only what was there before this batch is skipped, replaced or merged: a file takes the place of a
 * file, and a folder is merged into a folder. An item gets another name where the one is in the place of the other.
 */
export function chooseNames(
  items: readonly Item[],
  { there, names, conflict }: { there: TakenNames; names: TakenNames; conflict: Conflict },
): { item: Item; name: string; conflict: Conflict }[] {
  const given = TakenNames.none()
  return items.flatMap((item): { item: Item; name: string; conflict: Conflict }[] => {
    const plain = safeName(item.name)
    const isThere = there.has(plain) && !given.has(plain)
    const isOfOtherKind = there.isFolder(plain) !== (item.kind === 'folder')
    if (!isThere || conflict === 'keep-both' || (conflict === 'replace' && isOfOtherKind)) {
      const name = names.take(item.name)
      given.add(name)
      return [{ item, name, conflict: 'keep-both' }]
    }
    given.add(plain)
    return conflict === 'skip' && (item.kind !== 'folder' || isOfOtherKind) ? [] : [{ item, name: plain, conflict }]
  })
}

/** The zip of some items, with a name of its own, as an item. */
export async function asZip(items: readonly Item[], client: PutioClient): Promise<Item[]> {
  const [first] = items
  if (first === undefined) return []
  const parent = items.length === 1 || first.parentId === 0 ? null : await client.item(first.parentId)
  const stem = items.length === 1 ? first.name : (parent?.name ?? 'Putdesk')
  return [{ ...first, kind: 'archive', name: `${stem}.zip` }]
}
