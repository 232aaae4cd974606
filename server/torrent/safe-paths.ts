import { freeName, safeName, twinKey } from '../../engine/text/names.ts'
import { TorrentError } from './types.ts'

const maxTwins = 1000

interface Folder {
  /** The taken names, as a case-insensitive file system sees them. */
  taken: Set<string>
  folders: Map<string, { name: string; folder: Folder }>
}

/**
 * Makes untrusted paths safe: applies `safeName` to every segment, drops empty ones, and makes each path distinct from all
 * others, even where case or Unicode composition is ignored, and where one is a file and the other a folder.
 */
export function safePaths(remotePaths: readonly (readonly string[])[]): string[][] {
  const root: Folder = { taken: new Set(), folders: new Map() }
  let twins = 0
  const take = (folder: Folder, remote: string) => {
    const safe = safeName(remote)
    const name = freeName(safe, (candidate) => folder.taken.has(twinKey(candidate)))
    if (name !== safe) twins += 1
    if (twins > maxTwins) throw new TorrentError(`This torrent has more than ${maxTwins} names twice.`)
    folder.taken.add(twinKey(name))
    return name
  }
  return remotePaths.map((remotePath) => {
    const segments = remotePath.filter((segment) => segment !== '')
    const path: string[] = []
    let folder = root
    for (const segment of segments.slice(0, -1)) {
      const known = folder.folders.get(segment)
      const entered = known ?? { name: take(folder, segment), folder: { taken: new Set(), folders: new Map() } }
      folder.folders.set(segment, entered)
      path.push(entered.name)
      folder = entered.folder
    }
    return [...path, take(folder, segments.at(-1) ?? '')]
  })
}
