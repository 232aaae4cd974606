import { setImmediate } from 'node:timers/promises'
import type { ReadableItem } from '../../core/space/friends.ts'
import { ApiError } from './error.ts'
import { contentUrl } from './file-wire.ts'
import { idInPath } from './files.ts'
import { type Route, route } from './method.ts'
import { selectionOf } from './selection.ts'

const maxSelected = 1000
const maxFiles = 10_000
/** One more than there may be, so that it is known when there are too many. */
const listed = { offset: 0, limit: maxFiles + 1, kinds: null, order: { by: 'name', isDescending: false } } as const

/** Links to all files of a selection, which work without a token. They are made when they are asked for. Source: API v2 §7. */
export const downloadLinks: Route[] = [
  route('POST', '/v2/download_links/create', (call) => {
    const ids = selectionOf(call)
    if (ids.length === 0) throw new ApiError(400, 'BadRequest', 'There is nothing to make links of.')
    if (ids.length > maxSelected)
      throw new ApiError(
        400,
        'DownloadLinksTooManyFilesRequested',
        `Links can be made of at most ${maxSelected} items at once.`,
      )
    return { id: call.core.linkSets.create(ids).id }
  }),
  route('GET', '/v2/download_links/:id', async (call) => {
    const { core } = call
    const selection = core.linkSets.get(idInPath(call))
    if (selection === null) throw new ApiError(404, 'LINKS_NOT_FOUND', 'These links are not there any more.')
    const files = await filesIn(core.linkSets.items(selection))
    const url = (found: ReadableItem, kind: 'download-file' | 'stream-file') =>
      contentUrl(call, { ownerId: found.ownerId, id: found.item.id }, kind)
    const media = files.filter(({ item }) => item.kind === 'audio' || item.kind === 'movie')
    return {
      links_status: 'DONE',
      links: {
        download_links: files.map((found) => url(found, 'download-file')),
        media_links: media.map((found) => url(found, 'stream-file')),
        mp4_links: [],
      },
    }
  }),
]

/** All files in a selection, each once, in the order of their folders. Throws a 400 for too many. */
async function filesIn(selected: readonly ReadableItem[]): Promise<ReadableItem[]> {
  const files: ReadableItem[] = []
  const seen = new Set<string>()
  const folders = [selected]
  for (let items = folders.shift(); items !== undefined; items = folders.shift()) {
    for (const found of items) {
      const { item, ownerId, space } = found
      const key = `${ownerId}/${item.id}`
      if (seen.has(key)) continue
      seen.add(key)
      if (item.kind === 'folder')
        folders.push(space.list(item.id, listed).map((inner) => ({ item: inner, ownerId, space })))
      else files.push(found)
      if (seen.size > maxFiles)
        throw new ApiError(
          400,
          'DownloadLinksTooManyChildrenRequested',
          `Links can be made of at most ${maxFiles} items.`,
        )
    }
    await setImmediate()
  }
  return files
}
