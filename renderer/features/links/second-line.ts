import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'

const archive = /\.(?:part\d+\.)?(zip|rar|7z|tar|gz|xz|bz2|tgz|zst)(?:\.\d{2,3})?$/i

/** True for the name of an archive. */
export function isArchive(name: string): boolean {
  return archive.test(name)
}

/** The second line of a link's row: parts, seeds, content, host, and notes; or why it cannot be fetched. */
export function secondLine(row: AnalyzedLink): string {
  const { kind, problem, host, links, seeds, sizeBytes, note } = row
  if (problem !== null) return problem
  const isMagnet = kind === 'torrent' && sizeBytes === null
  const parts = [
    kind === 'multipart' ? say('links.parts', { count: links.length }) : null,
    seeds === null ? null : say('links.seeds', { count: seeds }),
    contentOf(row),
    host === '' ? null : host,
    note ?? (isMagnet ? say('links.unknownTorrent') : sizeBytes === null ? say('links.unknownSizeOf') : null),
  ]
  return parts.filter((part) => part !== null).join(' · ')
}

/** The content of an archive or a torrent, as far as it is known without fetching it. */
function contentOf({ kind, name, links, entryCount, unpackedBytes }: AnalyzedLink): string | null {
  if (entryCount === null)
    return unpackedBytes === null ? null : say('links.unpacked', { size: formatSize(unpackedBytes) })
  if (kind === 'torrent') return say('links.files', { count: entryCount })
  const format = (archive.exec(name) ?? archive.exec(links[0] ?? ''))?.[1]?.toLowerCase() ?? say('links.archive')
  return unpackedBytes === null
    ? say('links.archiveWith', { format, count: entryCount })
    : say('links.archiveUnpacked', { format, count: entryCount, size: formatSize(unpackedBytes) })
}
