import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A playable and seekable film. */
export interface Film {
  bytes: Buffer
  sha256: string
  seconds: number
}

/** Makes a small real film, with video and audio, with ffmpeg. Players read its index first, wherever it is. */
export function makeFilm(
  folder: string,
  { seconds = 120, isIndexAtEnd = false }: { seconds?: number; isIndexAtEnd?: boolean } = {},
): Film {
  const path = join(folder, 'film.mp4')
  const { status, stderr } = spawnSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=640x360:rate=25:duration=${seconds}`,
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:duration=${seconds}`,
    ].concat([
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '25',
      '-c:a',
      'aac',
      ...(isIndexAtEnd ? [] : ['-movflags', '+faststart']),
      path,
    ]),
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`ffmpeg could not make the film: ${stderr}`)
  const bytes = readFileSync(path)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), seconds }
}
