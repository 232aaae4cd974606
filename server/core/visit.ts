import type { Core, Cores } from './core.ts'
import type { PublicShare } from './space/public-shares.ts'
import type { Item } from './space/space.ts'

/** What someone with a public link can read: an item and what is below it, as its owner sees it at this moment. */
export interface Visit {
  share: PublicShare
  /** Of the owner. */
  core: Core
  top: Item
}

/** Null if there is no such link any more, or its item is gone. */
export function visit({ users, publicShares }: Cores, token: string): Visit | null {
  const share = publicShares.find(token)
  const core = users.find(({ account }) => account.userId === share?.userId)
  const top = share === null ? null : (core?.space.find(share.itemId) ?? null)
  return share === null || core === undefined || top === null ? null : { share, core, top }
}

/** The shared item, or one below it; null for any other. */
export function visited({ core, top }: Visit, itemId: number): Item | null {
  if (itemId === top.id) return top
  return core.space.has(itemId) && core.space.ancestors(itemId).includes(top.id) ? core.space.get(itemId) : null
}
