import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Host } from '../host/host.ts'
import { UnknownStreamHost } from '../putio/unknown-stream-host.ts'
import { type FoundPlayer, findPlayers, hasSystemPlayer, systemPlayerId } from './players.ts'
import type { Relay } from './relay.ts'

/** The parts of the backend that playing depends on. */
export interface PlayOptions {
  accounts: Accounts
  host: Host
  relay: Relay
  /** The player the person chose, or null. */
  chosenPlayerId(): string | null
}

/** The handlers for playing. `close` deletes the temporary playlists. */
export interface Playing {
  handlers: HandlersOf<'play'> & HandlersOf<'players'>
  close(): void
}

/** Plays streams in the user's own player: no shell, fixed options, and a loopback link that opens only this file. */
export function createPlaying({ accounts, host, relay, chosenPlayerId }: PlayOptions): Playing {
  const playlists: string[] = []
  /** The origin that the user was asked about, by account and item: the user's answer applies only to that origin. */
  const askedFor = new Map<string, string>()

  const openWithSystem = async (link: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'putdesk-'))
    playlists.push(folder)
    const playlist = join(folder, 'play.m3u')
    writeFileSync(playlist, `#EXTM3U\n${link}\n`, { mode: 0o600 })
    await host.openWithSystem(playlist)
    return 'the system’s player'
  }

  return {
    handlers: {
      'players.list': async () => {
        const found = findPlayers(process.env).map(({ id, name }) => ({ id, name }))
        return hasSystemPlayer(process.env) ? [...found, { id: systemPlayerId, name: 'System default' }] : found
      },
      'play.item': async ({ accountId, itemId, playerId, isHostTrusted }) => {
        const client = accounts.session(accountId).client()
        const player = choose(playerId ?? chosenPlayerId())
        const stream = () => client.stream(itemId, 'play', (origin) => accounts.isTrusted(accountId, origin))
        const asked = `${accountId}/${itemId}`
        const origin = isHostTrusted ? askedFor.get(asked) : undefined
        if (origin !== undefined) accounts.trust(accountId, origin)
        const { name, url } = await stream().catch((error: unknown) => {
          const cause = error instanceof AppError ? error.cause : null
          if (cause instanceof UnknownStreamHost) askedFor.set(asked, cause.origin)
          throw error
        })
        let first: string | null = url
        const link = await relay.link(async () => {
          const next = first ?? (await stream()).url
          first = null
          return next
        }, name)
        if (player === systemPlayerId) return openWithSystem(link)
        await startPlayer(player, link)
        return player.name
      },
    },
    close: () => {
      for (const folder of playlists) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function choose(playerId: string | null): FoundPlayer | typeof systemPlayerId {
  const found = findPlayers(process.env)
  if (playerId === systemPlayerId && hasSystemPlayer(process.env)) return systemPlayerId
  const chosen = found.find(({ id }) => id === playerId) ?? found[0]
  if (chosen !== undefined) return chosen
  if (hasSystemPlayer(process.env)) return systemPlayerId
  throw new AppError(
    'no-player',
    'There is no player on this computer that Putdesk knows. Install mpv or VLC, then try again.',
  )
}

/** Starts a player detached, with one positional argument: the re-serialized link. */
export function startPlayer({ name, path, options }: FoundPlayer, link: string): Promise<void> {
  const url = new URL(link)
  if (url.protocol !== 'http:' || url.hostname !== '127.0.0.1')
    throw new AppError('internal', 'Only links of Putdesk itself are handed to a player.')
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...options, url.href], { shell: false, detached: true, stdio: 'ignore' })
    child.once('error', (cause) =>
      reject(
        new AppError('no-player', `${name} could not be started. Choose another player in the settings.`, { cause }),
      ),
    )
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}
