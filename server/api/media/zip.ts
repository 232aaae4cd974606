import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { freeName, safeName, twinKey } from '../../../engine/text/names.ts'
import { writeZip, type ZipEntry, zipBytes } from '../../../engine/zip/zip-writer.ts'
import type { Content } from '../../core/space/content.ts'
import type { Item, Space } from '../../core/space/space.ts'
import { contentDisposition, safetyHeaders } from './headers.ts'

/** What is at the top of a zip, and its name without an ending. */
export interface ZipSource {
  name: string
  content: Content
  items: readonly { item: Item; space: Space }[]
}

/**
 * Responds with items and all below them as a zip, stored without compression, so that its length is known beforehand.
 */
export async function serveZip(request: IncomingMessage, response: ServerResponse, source: ZipSource): Promise<void> {
  const { entries } = await zipEntries(source)
  response.writeHead(200, {
    ...safetyHeaders,
    'Content-Type': 'application/zip',
    'Content-Disposition': contentDisposition('attachment', `${safeName(source.name)}.zip`),
    'Content-Length': zipBytes(entries),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(writeZip(entries), response)
}

/** A folder's items, as the top of its zip. */
export function itemsOf(space: Space, folder: Item): ZipSource['items'] {
  return space.list(folder.id, wholeFolder).map((item) => ({ item, space }))
}

/** The entries of a zip, and the paths of what is missing from it. */
export async function zipEntries({ content, items }: ZipSource): Promise<{ entries: ZipEntry[]; missing: string[] }> {
  const entries: ZipEntry[] = []
  const missing: string[] = []
  const versions = new Map(items.map(({ space }) => [space, space.version()]))
  await addItems(entries, { content, missing, versions }, { items, prefix: '' })
  if (missing.length > 0) {
    const text = Buffer.from(`${missingNotice}\n\n${missing.join('\n')}\n`)
    entries.push({
      name: missingName,
      modifiedAt: new Date(),
      file: { sizeBytes: text.length, read: () => Readable.from([text]) },
    })
  }
  return { entries, missing }
}

const chunkBytes = 256 * 1024
/** The format has 16 bits for it. */
const maxNameBytes = 0xffff

/** A file in the zip that lists the files that are missing from it. */
const missingName = 'Missing files.txt'
const missingNotice =
  'These files are not in here, because their content is missing or was changed on the disk of the service, or because their path is too long for a zip:'
/** How many items are added before other work may run. */
const batchSize = 250

const wholeFolder = { offset: 0, limit: -1, kinds: null, order: { by: 'name', isDescending: false } } as const

interface Adding {
  content: Content
  /** The paths of files whose content is not as it was stored, and of items whose path is too long. */
  missing: string[]
  /** The versions of the spaces at the start. */
  versions: ReadonlyMap<Space, number>
}

async function addItems(
  entries: ZipEntry[],
  all: Adding,
  { items, prefix }: { items: ZipSource['items']; prefix: string },
): Promise<void> {
  const { content, missing, versions } = all
  const taken = new Set<string>(prefix === '' ? [twinKey(missingName)] : [])
  for (const { item, space } of items) {
    const name = freeName(safeName(item.name), (candidate) => taken.has(twinKey(candidate)))
    taken.add(twinKey(name))
    const path = `${prefix}${name}`
    const modifiedAt = new Date(item.addedAtSeconds * 1000)
    if (entries.length % batchSize === 0) await setImmediate()
    if (Buffer.byteLength(path) >= maxNameBytes) missing.push(path)
    else if (item.kind === 'folder') {
      entries.push({ name: `${path}/`, modifiedAt, file: null })
      // It may have been deleted in the meantime.
      const isThere = space.version() === versions.get(space) || space.has(item.id)
      const inner = isThere ? itemsOf(space, item) : []
      await addItems(entries, all, { items: inner, prefix: `${path}/` })
    } else if (content.sizeBytes(item.content ?? '') === item.sizeBytes) {
      const place = content.path(item.content ?? '')
      const read = () => createReadStream(place, { highWaterMark: chunkBytes })
      entries.push({ name: path, modifiedAt, file: { sizeBytes: item.sizeBytes, read } })
    } else missing.push(path)
  }
}
