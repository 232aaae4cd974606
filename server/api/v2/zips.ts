import { maxZipItems, type ZipSelection } from '../../core/space/zips.ts'
import { ApiError } from './error.ts'
import { idInPath } from './files.ts'
import { type Call, type Route, route } from './method.ts'
import { selectionOf } from './selection.ts'
import { toTime } from './times.ts'

/** Zips are made while they are fetched, so that each is done at once. Source: API v2 §12. */
export const zips: Route[] = [
  route('POST', '/v2/zips/create', (call) => {
    const ids = selectionOf(call)
    if (ids.length === 0) throw new ApiError(400, 'BadRequest', 'There is nothing to put into a zip.')
    if (ids.length > maxZipItems)
      throw new ApiError(403, 'ZIP_TOTAL_SIZE_EXCEEDED', `A zip can be made of at most ${maxZipItems} items.`)
    return { zip_id: call.core.zips.create(ids).id }
  }),
  route('GET', '/v2/zips/list', ({ core }) => ({
    zips: core.zips.list().map(({ id, createdAtSeconds }) => ({ id, created_at: toTime(createdAtSeconds) })),
  })),
  route('GET', '/v2/zips/:id', async (call) => {
    const { core, base, readToken } = call
    const { id, ...zip } = zipInPath(call)
    const [{ zipEntries }, { zipBytes }] = await Promise.all([
      import('../media/zip.ts'),
      import('../../../engine/zip/zip-writer.ts'),
    ])
    const items = core.zips.items({ id, ...zip })
    const { entries, missing } = await zipEntries({ name: '', content: core.content, items })
    return {
      zip_status: 'DONE',
      url: `${base}/stream-basket/${core.account.userId}/z${id}/atk/${readToken}`,
      size: zipBytes(entries),
      missing_files: missing,
    }
  }),
  route('GET', '/v2/zips/:id/cancel', (call) => {
    call.core.zips.remove(zipInPath(call).id)
    return {}
  }),
]

function zipInPath(call: Call): ZipSelection {
  const zip = call.core.zips.get(idInPath(call))
  if (zip === null) throw new ApiError(410, 'LINK_EXPIRED', 'This zip is not there any more.')
  return zip
}
