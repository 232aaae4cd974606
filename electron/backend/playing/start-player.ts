import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect, Socket } from 'node:net'
import { AppError } from '../../../shared/errors.ts'
import type { Log } from '../host/log.ts'
import { followMpv } from './mpv-control.ts'
import type { PlayerControl, PlayerEvents } from './player-control.ts'
import type { FoundPlayer, PlayStart } from './players.ts'
import { followVlc, prepareVlc, type VlcInterface } from './vlc-control.ts'

/** How long a player has to open its link before it is taken for started anyway. */
const openTimeoutMs = 5000

/** A player that runs. */
export interface RunningPlayer {
  /** Resolves when it has exited. */
  ended: Promise<void>
}

/** What a player is started with. */
export interface StartPlayerOptions {
  /** The link of one file, or the path of a playlist of ours. */
  target: string
  start: PlayStart
  /** The name of what is played, for sentences. */
  name: string
  events: PlayerEvents
  /** Creates a private folder for a configuration. */
  makeFolder(): string
  log: Log
  /** Resolves when the player has opened a link. */
  opened: Promise<void>
}

/** Throws unless a link is one of the relay's. */
export function ownLink(link: string): string {
  const url = new URL(link)
  if (url.protocol !== 'http:' || url.hostname !== '127.0.0.1')
    throw new AppError('internal', 'Only links of Putdesk itself are handed to a player.')
  return url.href
}

/**
 * Starts a player detached, without a shell, with options and one positional argument. Resolves once it has opened the link. Errors:
 * no-player, with a sentence, if it cannot be started or exits before.
 */
export async function startPlayer(player: FoundPlayer, options: StartPlayerOptions): Promise<RunningPlayer> {
  const first = await start(player, options, true)
  if (typeof first !== 'number') return first
  // An mpv older than 0.33 does not know the option of its interface.
  const second = player.control === 'mpv' ? await start(player, options, false) : first
  if (typeof second !== 'number') return second
  throw new AppError(
    'no-player',
    `${player.name} closed at once, without opening “${options.name}”. Try another player, with “Open with”.`,
  )
}

/** Returns the exit code of a player that exits before it has opened the link. */
async function start(
  player: FoundPlayer,
  options: StartPlayerOptions,
  hasControl: boolean,
): Promise<RunningPlayer | number> {
  const vlc = player.control === 'vlc' ? await prepareVlc(options.makeFolder(), process.env) : null
  const pipe = player.control === 'mpv' && hasControl ? mpvPipe() : null
  const argv = [...(vlc?.options ?? []), ...(pipe?.options ?? []), ...player.argv(options.start, options.target)]
  const child = spawn(player.path, argv, { shell: false, detached: true, stdio: pipe?.stdio ?? 'ignore' })
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  try {
    await spawned(child)
  } catch (cause) {
    vlc?.remove()
    throw new AppError('no-player', `${player.name} could not be started. Choose another player in the settings.`, {
      cause,
    })
  }
  child.unref()
  const control = follow({ child, vlc, pipe, options })
  const ended = exited.then(() => control?.close())
  const failed = exited.then((code) => (code === 0 && player.handsOver ? new Promise<never>(() => undefined) : code))
  // One that hands over to another program has done its part.
  const codeLater = () => (child.exitCode === 0 && player.handsOver ? null : child.exitCode)
  const code = await Promise.race([options.opened, failed, late(openTimeoutMs).then(codeLater)])
  return code ?? { ended }
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', resolve)
  })
}

function late(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())
}

interface MpvPipe {
  options: string[]
  stdio: SpawnOptions['stdio']
  /** The name of a pipe; null if the connection is inherited. */
  name: string | null
}

/** A connection that mpv inherits; on Windows, a named pipe. */
function mpvPipe(): MpvPipe {
  if (process.platform !== 'win32')
    return {
      options: ['--input-ipc-client=fd://3'],
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      name: null,
    }
  const name = `\\\\.\\pipe\\putdesk-${randomBytes(16).toString('hex')}`
  return { options: [`--input-ipc-server=${name}`], stdio: 'ignore', name }
}

function follow({
  child,
  vlc,
  pipe,
  options: { events, log },
}: {
  child: ChildProcess
  vlc: VlcInterface | null
  pipe: MpvPipe | null
  options: StartPlayerOptions
}): PlayerControl | null {
  if (vlc !== null) return followVlc(vlc, events, log)
  if (pipe === null) return null
  const inherited = child.stdio[3]
  if (inherited instanceof Socket) {
    inherited.unref()
    return followMpv(inherited, events, log)
  }
  return pipe.name === null ? null : followNamedPipe(pipe.name, events, log)
}

const connectRetryMs = 100
const connectTries = 100

/** mpv creates the pipe a moment after its start. */
function followNamedPipe(name: string, events: PlayerEvents, log: Log): PlayerControl {
  let control: PlayerControl | null = null
  let isClosed = false
  const attempt = (tries: number) => {
    if (isClosed) return
    const connection = connect(name)
    connection.unref()
    connection.once('error', () => {
      if (tries > 0) setTimeout(() => attempt(tries - 1), connectRetryMs).unref()
    })
    connection.once('connect', () => {
      control = followMpv(connection, events, log)
    })
  }
  attempt(connectTries)
  return {
    close: () => {
      isClosed = true
      control?.close()
    },
  }
}
