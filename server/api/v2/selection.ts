import { setImmediate } from 'node:timers/promises'
import type { Core } from '../../core/core.ts'
import { readCursor } from './cursor.ts'
import { ApiError } from './error.ts'
import { found } from './files.ts'
import type { Call } from './method.ts'

/**
 * The items that a request is about, each once: `file_ids` or `file_id`, or everything in the listing that gave a `cursor`, without
 * `exclude_ids`. Source: API v2 §4.
 */
export function selectionOf(call: Call): number[] {
  const { params } = call
  const ids = params.ids('file_ids') ?? params.ids('file_id')
  if (ids !== null) return [...new Set(ids)]
  const text = params.text('cursor')
  if (text === null) throw new ApiError(400, 'BadRequest', 'The parameter “file_ids” is missing.')
  const excluded = new Set(params.ids('exclude_ids') ?? [])
  return listed(call, text).filter((id) => !excluded.has(id))
}

function listed(call: Call, text: string): number[] {
  const { core } = call
  const cursor = readCursor(call, text, 'list', 'search')
  if (cursor.kind === 'search') return found(call, cursor.query)
  const { folderId } = cursor.listing
  const { space } = folderId === null ? core : core.friends.read(folderId)
  return space.details.ids(cursor.listing)
}

/** An item of the user's own that can be changed. Throws a 403 for one that a friend shares. */
export function checkOwn({ space, friends }: Pick<Core, 'space' | 'friends'>, id: number): void {
  if (space.has(id)) return
  // Throws when there is none.
  friends.read(id)
  throw new ApiError(403, 'Forbidden', 'Only the owner of this item can change it.')
}

/** How many items are changed in one transaction, during which nothing else runs. */
const batchSize = 500

/** Runs a change for all items in short steps, between which other work can run. */
export async function inBatches(ids: readonly number[], change: (batch: number[]) => void): Promise<void> {
  for (let done = 0; done < ids.length; done += batchSize) {
    if (done > 0) await setImmediate()
    change(ids.slice(done, done + batchSize))
  }
}
