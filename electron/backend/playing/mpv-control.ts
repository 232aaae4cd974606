import type { Duplex } from 'node:stream'
import * as z from 'zod'
import type { Log } from '../host/log.ts'
import type { PlayerControl, PlayerEvents } from './player-control.ts'

/** A line of mpv. Source: mpv's manual, "JSON IPC". */
const Line = z.object({
  event: z.string().optional(),
  name: z.string().optional(),
  reason: z.string().optional(),
  data: z.unknown().optional(),
})
type Line = z.infer<typeof Line>

const maxLineLength = 1024 * 1024

/** Follows an mpv over its JSON IPC, on a connection that only the two of them have. */
export function followMpv(connection: Duplex, events: PlayerEvents, log: Log): PlayerControl {
  let link: string | null = null
  let durationSeconds: number | null = null
  let wantedSeconds: number | null = null
  let rest = ''

  const send = (command: readonly unknown[]) => {
    if (connection.writable) connection.write(`${JSON.stringify({ command })}\n`)
  }
  const tellPosition = (seconds: unknown) => {
    if (link !== null && durationSeconds !== null && typeof seconds === 'number')
      events.onPosition(link, seconds, durationSeconds)
  }
  /** Goes where it shall start, once it is known that this is in the film: mpv would end behind it. */
  const seek = () => {
    if (wantedSeconds === null || durationSeconds === null) return
    if (wantedSeconds < durationSeconds) send(['seek', wantedSeconds, 'absolute'])
    wantedSeconds = null
  }
  const prepare = async (opened: string) => {
    const { startSeconds, subtitles } = events.onFile(opened)
    wantedSeconds = startSeconds
    seek()
    const links = await subtitles
    if (link !== opened) return
    for (const [at, subtitle] of links.entries()) send(['sub-add', subtitle, at === 0 ? 'select' : 'auto'])
  }
  const observe = (name: string | undefined, data: unknown) => {
    if (name === 'path') {
      link = typeof data === 'string' ? data : null
      wantedSeconds = null
    }
    if (name === 'time-pos') tellPosition(data)
    if (name === 'pause' && data === true) events.onPause()
    if (name === 'duration') durationSeconds = typeof data === 'number' && data > 0 ? data : null
    if (name === 'duration') seek()
  }
  const hear = ({ event, name, reason, data }: Line) => {
    if (event === 'property-change') observe(name, data)
    else if (event === 'file-loaded' && link !== null) prepare(link).catch((error: unknown) => log.error('mpv', error))
    else if (event === 'end-file' && reason === 'eof') tellPosition(durationSeconds)
  }

  connection.setEncoding('utf8')
  connection.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(-maxLineLength)
    for (const line of lines) {
      const parsed = parse(line)
      if (parsed !== null) hear(parsed)
    }
  })
  connection.on('error', () => connection.destroy())
  for (const [at, name] of ['path', 'duration', 'time-pos', 'pause'].entries()) send(['observe_property', at + 1, name])
  return { close: () => connection.destroy() }
}

function parse(line: string): Line | null {
  try {
    return Line.parse(JSON.parse(line))
  } catch {
    // A line that this version does not know.
    return null
  }
}
