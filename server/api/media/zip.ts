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

interface ZipSource {
  space: Space
  content: Content
  folder: Item
}

/**
 * Responds with a folder and all below it as a zip, stored without compression, so that its length is known beforehand.
 */
export async function serveZip(request: IncomingMessage, response: ServerResponse, source: ZipSource): Promise<void> {
  const { folder } = source
  const entries: ZipEntry[] = []
  const missing: string[] = []
  await addFolder(entries, { ...source, missing, version: source.space.version() })
  if (missing.length > 0) {
    const text = Buffer.from(`${missingNotice}\n\n${missing.join('\n')}\n`)
    entries.push({
      name: missingName,
      modifiedAt: new Date(),
      file: { sizeBytes: text.length, read: () => Readable.from([text]) },
    })
  }
  response.writeHead(200, {
    ...safetyHeaders,
    'Content-Type': 'application/zip',
    'Content-Disposition': contentDisposition('attachment', `${safeName(folder.name)}.zip`),
    'Content-Length': zipBytes(entries),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(writeZip(entries), response)
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

interface Adding extends ZipSource {
  /** The paths of files whose content is not as it was stored, and of items whose path is too long. */
  missing: string[]
  /** The version of the space at the start. */
  version: number
}

async function addFolder(entries: ZipEntry[], all: Adding, folder = all.folder, prefix = ''): Promise<void> {
  const { space, content } = all
  const taken = new Set<string>(prefix === '' ? [twinKey(missingName)] : [])
  const page = { offset: 0, limit: -1, kinds: null, order: { by: 'name', isDescending: false } } as const
  // It may have been deleted in the meantime.
  const isThere = space.version() === all.version || space.has(folder.id)
  for (const item of isThere ? space.list(folder.id, page) : []) {
    const name = freeName(safeName(item.name), (candidate) => taken.has(twinKey(candidate)))
    taken.add(twinKey(name))
    const path = `${prefix}${name}`
    const modifiedAt = new Date(item.addedAtSeconds * 1000)
    if (entries.length % batchSize === 0) await setImmediate()
    if (Buffer.byteLength(path) >= maxNameBytes) all.missing.push(path)
    else if (item.kind === 'folder') {
      entries.push({ name: `${path}/`, modifiedAt, file: null })
      await addFolder(entries, all, item, `${path}/`)
    } else if (content.sizeBytes(item.content ?? '') === item.sizeBytes) {
      const place = content.path(item.content ?? '')
      const read = () => createReadStream(place, { highWaterMark: chunkBytes })
      entries.push({ name: path, modifiedAt, file: { sizeBytes: item.sizeBytes, read } })
    } else all.missing.push(path)
  }
}
