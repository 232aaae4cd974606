import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An entry of a playlist: a link of the relay, and the title that the player shows. */
export interface PlaylistEntry {
  link: string
  title: string
  /** Where it starts, for players that read that from a playlist; null for its beginning. */
  startSeconds: number | null
}

/** Writes a playlist, and returns its path. Titles come from others: a line break in one could add an entry or an option. */
export function writePlaylist(folder: string, entries: readonly PlaylistEntry[]): string {
  const lines = entries.flatMap(({ link, title, startSeconds }) => [
    `#EXTINF:-1,${plainTitle(title)}`,
    ...(startSeconds === null ? [] : [`#EXTVLCOPT:start-time=${startSeconds.toFixed(3)}`]),
    link,
  ])
  const path = join(folder, 'play.m3u8')
  writeFileSync(path, `${['#EXTM3U', ...lines].join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  return path
}

function plainTitle(title: string): string {
  return title
    .toWellFormed()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}<>&]+/gu, ' ')
    .replace(/^[\s#]+/, '')
    .slice(0, 200)
}
