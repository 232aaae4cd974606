import type { Method, RefusedItem, Request } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'

/** A request about several items, which reports its progress. */
type ItemsRequest = Request<
  Extract<Method, 'items.move' | 'items.copy' | 'items.delete' | 'items.restore' | 'items.deleteForGood'>
>

/**
 * Processes items one by one until the request is cancelled. Refusals of single items are collected; any other error ends the
 * request.
 */
export async function forEachItem(
  itemIds: readonly ItemId[],
  { signal, tell }: ItemsRequest,
  act: (itemId: ItemId) => Promise<unknown>,
): Promise<RefusedItem[]> {
  const refusals: RefusedItem[] = []
  for (const [done, itemId] of itemIds.entries()) {
    signal.throwIfAborted()
    try {
      await act(itemId)
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'refused' && error.code !== 'not-found')) throw error
      refusals.push({ itemId, sentence: error.message })
    }
    tell({ done: done + 1, total: itemIds.length })
  }
  return refusals
}
