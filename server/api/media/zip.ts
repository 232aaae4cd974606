import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { ZipFile } from 'yazl'
import { freeName, safeName, twinKey } from '../../../engine/text/names.ts'
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
  const zip = new ZipFile()
  const broken = new Promise<never>((_, reject) => zip.on('error', reject))
  const { folder } = source
  const missing: string[] = []
  await addFolder(zip, { ...source, missing, added: 0, version: source.space.version() })
  if (missing.length > 0)
    zip.addBuffer(Buffer.from(`${missingNotice}\n\n${missing.join('\n')}\n`), missingName, { compress: false })
  const length = await Promise.race([
    new Promise<number>((resolve) =>
      zip.end({ forceZip64Format: false, comment: '' }, (...[size]: number[]) => resolve(size ?? -1)),
    ),
    broken,
  ])
  response.writeHead(200, {
    ...safetyHeaders,
    'Content-Type': 'application/zip',
    'Content-Disposition': contentDisposition('attachment', `${safeName(folder.name)}.zip`),
    ...(length >= 0 && { 'Content-Length': length }),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await Promise.race([pipeline(zip.outputStream, response), broken])
}

/** A file in the zip that lists the files that are missing from it. */
const missingName = 'Missing files.txt'
const missingNotice =
  'These files are not in here, because their content is missing or was changed on the disk of the service:'
/** How many items are added before other work may run. */
const batchSize = 250

interface Adding extends ZipSource {
  /** The paths of files whose content is not as it was stored. */
  missing: string[]
  added: number
  /** The version of the space at the start. */
  version: number
}

async function addFolder(zip: ZipFile, all: Adding, folder = all.folder, prefix = ''): Promise<void> {
  const { space, content } = all
  const taken = new Set<string>(prefix === '' ? [twinKey(missingName)] : [])
  const page = { offset: 0, limit: -1, kinds: null, order: { by: 'name', isDescending: false } } as const
  // It may have been deleted in the meantime.
  const isThere = space.version() === all.version || space.has(folder.id)
  for (const item of isThere ? space.list(folder.id, page) : []) {
    const name = freeName(safeName(item.name), (candidate) => taken.has(twinKey(candidate)))
    taken.add(twinKey(name))
    const path = `${prefix}${name}`
    const mtime = new Date(item.addedAtSeconds * 1000)
    all.added += 1
    if (all.added % batchSize === 0) await setImmediate()
    if (item.kind === 'folder') {
      zip.addEmptyDirectory(path, { mtime })
      await addFolder(zip, all, item, `${path}/`)
    } else if (content.sizeBytes(item.content ?? '') === item.sizeBytes) {
      zip.addFile(content.path(item.content ?? ''), path, { mtime, compress: false })
    } else all.missing.push(path)
  }
}
