import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { freeName, safeName, twinKey } from '../../../engine/names.ts'
import type { Content } from '../../core/content.ts'
import { folderKind } from '../../core/kinds.ts'
import type { Item, Space } from '../../core/space.ts'
import { contentDisposition, safetyHeaders } from './headers.ts'

interface ZipSource {
  space: Space
  content: Content
  folder: Item
}

/** Answers with a folder and all below it as a zip, stored as it is, so that its length is known beforehand. */
export async function serveZip(request: IncomingMessage, response: ServerResponse, source: ZipSource): Promise<void> {
  const zip = new ZipFile()
  const broken = new Promise<never>((_, reject) => zip.on('error', reject))
  const { folder } = source
  addFolder(zip, source, '')
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

function addFolder(zip: ZipFile, { space, content, folder }: ZipSource, prefix: string): void {
  const taken = new Set<string>()
  const all = { offset: 0, limit: -1, kind: null, order: 'name_asc' } as const
  for (const item of space.list(folder.id, all)) {
    const name = freeName(safeName(item.name), (candidate) => taken.has(twinKey(candidate)))
    taken.add(twinKey(name))
    const path = `${prefix}${name}`
    const mtime = new Date(item.addedAtSeconds * 1000)
    if (item.kind === folderKind) {
      zip.addEmptyDirectory(path, { mtime })
      addFolder(zip, { space, content, folder: item }, `${path}/`)
    } else zip.addFile(content.path(item.content ?? ''), path, { mtime, compress: false })
  }
}
