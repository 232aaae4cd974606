import { readCursor, writeCursor } from './cursor.ts'
import { ApiError } from './error.ts'
import { trashedWire } from './file-wire.ts'
import { perPage } from './files.ts'
import { type Call, type Route, route } from './method.ts'
import { inBatches } from './selection.ts'

/** Source: API v2 §11. */
export const trash: Route[] = [
  route('GET', '/v2/trash/list', (call) => {
    const { items: total, sizeBytes } = call.core.space.trash.totals()
    return { ...page(call, null), total, trash_size: sizeBytes }
  }),
  route('POST', '/v2/trash/list/continue', (call) =>
    page(call, readCursor(call, call.params.required('cursor'), 'trash').after),
  ),
  route('POST', '/v2/trash/restore', async (call) => {
    await inBatches(selection(call), call.core.space.trash.restore)
    return {}
  }),
  route('POST', '/v2/trash/delete', async (call) => {
    await call.core.space.trash.remove(selection(call))
    return {}
  }),
  route('POST', '/v2/trash/empty', async ({ core }) => {
    await core.space.trash.remove(null)
    return {}
  }),
]

function page(call: Call, after: { id: number; trashedAtSeconds: number } | null) {
  const size = perPage(call)
  const items = call.core.space.trash.page(after, size + 1)
  const shown = items.slice(0, size)
  const last = shown.at(-1)
  return {
    files: shown.map((item) => trashedWire(call, item)),
    cursor:
      items.length > size && last !== undefined
        ? writeCursor(call, { kind: 'trash', after: { id: last.id, trashedAtSeconds: last.trashedAtSeconds } })
        : null,
  }
}

/** The items in a request, all of which have to be in the trash; with a cursor, everything in it. */
function selection(call: Call): number[] {
  const { params, core } = call
  const { trash } = core.space
  const wanted = params.ids('file_ids') ?? params.ids('file_id')
  const ids = wanted === null ? null : [...new Set(wanted)]
  if (ids === null) {
    readCursor(call, params.required('cursor'), 'trash')
    const excluded = new Set(params.ids('exclude_ids') ?? [])
    return trash.ids().filter((id) => !excluded.has(id))
  }
  const missing = ids.find((id) => !trash.has(id))
  if (missing !== undefined)
    throw new ApiError(404, 'TRASH_FILE_NOT_FOUND', `There is no item with the id ${missing} in the trash.`)
  return ids
}
