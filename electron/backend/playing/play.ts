import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf, Input, Output } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId, ItemKind } from '../../../shared/item.ts'
import { maxPlayed } from '../../../shared/limits.ts'
import type { Settings } from '../../../shared/settings.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import type { Host } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import type { PutioClient } from '../putio/client.ts'
import { filesToPlay, playArriving } from './arriving.ts'
import { longCodes } from './language-codes.ts'
import { mediaInFolder, mediaWithIds } from './media-items.ts'
import { ownPlayer, ownPlayerId } from './own-player.ts'
import { PlaySession } from './play-session.ts'
import type { Playbacks } from './playbacks.ts'
import { type FoundPlayer, findPlayers, hasSystemPlayer, type PlayStart, systemPlayerId } from './players.ts'
import { type PlaylistEntry, writePlaylist } from './playlist.ts'
import { ownPosition, type Position, PositionReports, positionOf } from './positions.ts'
import { PrivateFolder } from './private-folder.ts'
import type { Relay, StreamSource } from './relay.ts'
import { ownLink, startPlayer } from './start-player.ts'
import { findSubtitles, type Subtitle, withoutKnown } from './subtitles.ts'

/** The film starts without subtitles that take longer to find. */
const subtitlesTimeoutMs = 2000
/** It starts where this computer has left it if the service takes longer to tell its position. */
const positionTimeoutMs = 1500
/** How long the app waits for services at its end. */
const positionsAtEndMs = 2000
/** How many questions are remembered. */
const maxOffered = 100
/** The service is asked for subtitles in so many languages. */
const maxLanguages = 3

/** The parts of the backend that playing depends on. */
export interface PlayOptions {
  accounts: Accounts
  host: Host
  log: Log
  relay: Relay
  playbacks: Playbacks
  settings(): Settings
}

/** The handlers for playing. `close` deletes the temporary playlists. */
export interface Playing {
  handlers: HandlersOf<'play'> & HandlersOf<'players'>
  /** Tells services where their players are, if they answer within two seconds. Call it before the accounts close. */
  tellPositions(): Promise<void>
  close(): void
}

/** What is played, where from, and by which player. */
interface Plan {
  accountId: AccountId
  client: PutioClient
  entries: readonly Entry[]
  first: Item
  /** How many there were before the list was cut to the maximum length. */
  total: number
  /** How far they are played goes here. */
  playbacks: Pick<Playbacks, 'note'>
  /** They are still being fetched. */
  isArriving: boolean
  /** Called when the player pauses. */
  onPause(): void
  /** Called when the player has ended. */
  onEnd(): void | Promise<void>
  position: Position | null
  player: FoundPlayer | null
}

/** Where an item continues, and the position that the service told; null if it did not. */
interface Place {
  itemId: ItemId
  position: Position | null
  heardSeconds: number | null
}

/** An item, and what creates its stream URL. */
interface Entry {
  item: Item
  source: StreamSource
}

/** Plays streams in the user's own player: no shell, fixed options, and loopback links that each open one file. */
export function createPlaying({ accounts, host, log, relay, playbacks, settings }: PlayOptions): Playing {
  const folder = new PrivateFolder(join(host.dataFolder, 'playing'))
  const isTrusted = (accountId: AccountId) => (origin: string) => accounts.origins.allows(accountId, origin)
  /** Of the players that run. */
  const reporting = new Set<PositionReports>()
  /** What the person was asked about. */
  const offered = new Map<string, Place>()
  const stream = (client: PutioClient, accountId: AccountId, itemId: ItemId) =>
    client.stream(itemId, 'play', isTrusted(accountId))

  /** Creates stream URLs when they are needed; the first may have been requested already. */
  function sourceOf(of: { client: PutioClient; accountId: AccountId; itemId: ItemId; firstUrl: string | null }) {
    let ready = of.firstUrl
    return async () => {
      const url = ready ?? (await stream(of.client, of.accountId, of.itemId)).url
      ready = null
      return url
    }
  }

  const languages = () => {
    const { subtitleLanguages } = settings()
    return subtitleLanguages.length > 0 ? subtitleLanguages : host.languages()
  }

  async function subtitlesOf({ client, accountId }: Pick<Plan, 'client' | 'accountId'>, item: Item) {
    if (item.kind !== 'movie') return []
    const signal = AbortSignal.timeout(subtitlesTimeoutMs)
    const asked = client.during(signal)
    const onError = (error: unknown) => {
      if (!signal.aborted) log.error('subtitles', error)
      return []
    }
    const wanted = languages()
    const hasMore = accounts.session(accountId).account.capabilities.hasSubtitles
    const [files, found] = await Promise.all([
      findSubtitles(item, { list: (id) => asked.listItems(id), languages: wanted }).catch(onError),
      hasMore ? asked.subtitles(item.id, longCodesOf(wanted)).catch(onError) : [],
    ])
    const others = withoutKnown(found, { files, languages: wanted }).map(async ({ url, name, language }) => {
      const link = await relay.keep(url, `${name || 'subtitles'}.srt`, { allows: isTrusted(accountId), signal })
      return link === null ? [] : [{ link, language }]
    })
    const links = await Promise.all(files.map((subtitle) => withLink(subtitle, { client, accountId })))
    return [...links, ...(await Promise.all(others)).flat()]
  }

  async function withLink({ item, language }: Subtitle, { client, accountId }: Pick<Plan, 'client' | 'accountId'>) {
    const source = async () => (await client.stream(item.id, 'save', isTrusted(accountId))).url
    const link = await relay.link(source, item.name, { allows: isTrusted(accountId) })
    return { link, language }
  }

  async function start(plan: Plan): Promise<Output<'play.items'>> {
    const { accountId, entries, first, total, isArriving, position, player } = plan
    const isList = entries.length > 1 || player === null
    const startSeconds = position?.seconds ?? null
    // mpv ends at once if it shall start behind the end: it goes there when it knows where that is.
    const isSure = position === null || position.durationSeconds !== null || player?.control !== 'mpv'
    const subtitles = isArriving ? [] : await subtitlesOf(plan, first)
    const session = new PlaySession({
      accountId,
      playbacks: plan.playbacks,
      startSeconds,
      startsByItself: !isList && isSure,
      hasSubtitles: !isList,
      onPause: plan.onPause,
      subtitlesOf: async (item) => (isArriving ? [] : await subtitlesOf(plan, item)).map(({ link }) => link),
    })
    const list: PlaylistEntry[] = []
    for (const { item, source } of entries) {
      const reader = { ...session.reader(item), isOneVersion: isArriving, allows: isTrusted(accountId) }
      const link = ownLink(await relay.link(source, item.name, reader))
      session.add(link, item)
      list.push({ link, title: item.name, startSeconds: item === first ? startSeconds : null })
    }
    const target = isList ? writePlaylist(folder.make('list'), list) : (list[0]?.link ?? '')
    const languages = subtitles.map(({ language }) => language)
    if (player === null) {
      await host.openWithSystem(target)
      return { state: 'started', player: 'the system’s player', count: entries.length, total, languages: [] }
    }
    const running = await startPlayer(player, {
      target,
      start: {
        ...(isList ? nothingSpecial : startOf(isSure ? position : null, subtitles)),
        languages: settings().subtitleLanguages,
      },
      name: first.name,
      events: session,
      opened: session.opened,
      makeFolder: () => folder.make('vlc'),
      log,
    })
    running.ended.then(plan.onEnd).catch((error: unknown) => log.error('playing', error))
    return { state: 'started', player: player.name, count: entries.length, total, languages }
  }

  return {
    handlers: {
      'players.list': async () => {
        const found = findPlayers(process.env).map(({ id, name }) => ({ id, name }))
        if (settings().ownPlayer !== null) found.push({ id: ownPlayerId, name: 'Own command' })
        return hasSystemPlayer(process.env) ? [...found, { id: systemPlayerId, name: 'System default' }] : found
      },
      'play.copyLink': async ({ accountId, itemId }) => {
        const client = accounts.session(accountId).client()
        const { item, url } = await stream(client, accountId, itemId)
        // The link itself does not reach the window.
        const source = sourceOf({ client, accountId, itemId, firstUrl: url })
        host.copyText(ownLink(await relay.link(source, item.name, { allows: isTrusted(accountId) })))
        return null
      },
      'play.items': playItems,
      'play.transfer': async ({ accountId, transferId }) => {
        const client = accounts.session(accountId).client()
        const listFiles = () => client.transferFiles(transferId, isTrusted(accountId))
        const { files, total } = filesToPlay(await listFiles())
        const itemIds = files.flatMap(({ itemId }) => itemId ?? [])
        if (itemIds.length > 0 && itemIds.length === files.length)
          return playItems({ accountId, itemIds, folderId: null, playerId: null, start: 'ask' })
        const arriving = playArriving(files, { listFiles, accountId, playbacks })
        const [first] = arriving.entries
        if (first === undefined) throw new AppError('refused', 'Nothing of it can be played now.')
        const player = choose(null, first.item.kind)
        const onPause = () => undefined
        return start({ accountId, client, ...arriving, first: first.item, total, onPause, position: null, player })
      },
    },
    tellPositions: async () => {
      const told = Promise.all([...reporting].map((reports) => reports.end()))
      await Promise.race([told, wait(positionsAtEndMs, undefined, { ref: false })])
    },
    close: () => folder.clear(),
  }

  async function playItems(input: Input<'play.items'>): Promise<Output<'play.items'>> {
    const { accountId, itemIds, folderId, playerId } = input
    const session = accounts.session(accountId)
    const client = session.client()
    const keepsPositions = session.account.capabilities.keepsPositions
    const [only] = itemIds.length === 1 && folderId === null ? itemIds : []
    const finding = keepsPositions ? find(client, input, only) : null
    // Its error is told below, unless the person is asked first.
    finding?.catch(() => undefined)
    const isFromStart = input.start === 'beginning'
    const place = only === undefined || isFromStart ? null : await placeOf(session, only, input.start)
    // Only what is long has a position, and what is long is a film for this purpose.
    if (place?.position != null && input.start === 'ask' && canStart(choose(playerId, 'movie'), place.position))
      return ask(accountId, place, place.position)
    const { items, firstUrl, total } = await (finding ?? find(client, input, only))
    const [first] = items
    if (first === undefined) throw new AppError('internal', 'There is nothing to play.')
    const player = choose(playerId, first.kind)
    const isList = only === undefined
    const firstPlace = isFromStart ? null : isList ? await placeOf(session, first.id, input.start) : place
    const isContinued = input.start === 'position' || items.length > 1
    const position = isContinued ? (firstPlace?.position ?? null) : null
    const heardSeconds = firstPlace?.heardSeconds ?? null
    const heard = heardSeconds === null ? null : { itemId: first.id, seconds: heardSeconds }
    const entries = items.map((item) => ({
      item,
      source: sourceOf({ client, accountId, itemId: item.id, firstUrl: item === first ? firstUrl : null }),
    }))
    const onError = (error: unknown) => log.error('positions', error)
    const reports = keepsPositions ? new PositionReports({ accountId, client, playbacks, heard, onError }) : null
    const onEnd = async () => {
      playbacks.save()
      await reports?.end()
      if (reports !== null) reporting.delete(reports)
    }
    if (reports !== null) reporting.add(reports)
    const followed = { playbacks: reports ?? playbacks, onPause: () => reports?.pause(), onEnd }
    return start({ accountId, client, entries, first, total, isArriving: false, ...followed, position, player })
  }

  /** Where an item continues: where the person was told, or else as the service and this computer know now. */
  async function placeOf(session: Session, itemId: ItemId, start: Input<'play.items'>['start']): Promise<Place> {
    const accountId = session.account.id
    const key = `${accountId}/${itemId}`
    const told = offered.get(key)
    offered.delete(key)
    if (start === 'position' && told !== undefined) return told
    const own = playbacks.of(accountId, itemId)
    const nothing: Place = { itemId, position: ownPosition(own), heardSeconds: null }
    if (!session.account.capabilities.keepsPositions) return nothing
    try {
      const known = await session.client().during(AbortSignal.timeout(positionTimeoutMs)).position(itemId)
      return { itemId, position: positionOf(own, known), heardSeconds: Math.max(0, known.seconds ?? 0) }
    } catch {
      // It plays all the same.
      return nothing
    }
  }

  function ask(accountId: AccountId, place: Place, position: Position): Output<'play.items'> {
    const { itemId } = place
    if (offered.size > maxOffered) offered.clear()
    offered.set(`${accountId}/${itemId}`, place)
    const { progress, durationSeconds, seconds } = position
    const isWatched = playbacks.of(accountId, itemId)?.isWatched ?? false
    return { state: 'asks', playback: { itemId, progress, durationSeconds, isWatched }, positionSeconds: seconds }
  }

  /** The player to use; null means the system's. Errors: no-player. */
  function choose(playerId: string | null, kind: ItemKind): FoundPlayer | null {
    const { playerId: filmPlayerId, soundPlayerId, ownPlayer: command } = settings()
    const wantedId = playerId ?? (kind === 'audio' ? (soundPlayerId ?? filmPlayerId) : filmPlayerId)
    if (wantedId === ownPlayerId && command !== null) return ownPlayer(command, process.env)
    const found = findPlayers(process.env)
    if (wantedId === systemPlayerId && hasSystemPlayer(process.env)) return null
    const chosen = found.find(({ id }) => id === wantedId) ?? found[0]
    if (chosen !== undefined) return chosen
    if (hasSystemPlayer(process.env)) return null
    throw new AppError(
      'no-player',
      'There is no player on this computer that Putdesk knows. Install mpv or VLC, then try again.',
    )
  }

  async function find(
    client: PutioClient,
    input: Input<'play.items'>,
    only: ItemId | undefined,
  ): Promise<{ items: Item[]; total: number; firstUrl: string }> {
    if (only !== undefined) {
      const { item, url } = await stream(client, input.accountId, only)
      return { items: [item], total: 1, firstUrl: url }
    }
    const { itemIds, folderId } = input
    const media = folderId === null ? await mediaWithIds(client, itemIds) : await mediaInFolder(client, folderId)
    const items = media.slice(0, maxPlayed)
    const [first] = items
    if (first === undefined) throw new AppError('refused', 'Only films and sound can be played.')
    return { items, total: media.length, firstUrl: (await stream(client, input.accountId, first.id)).url }
  }
}

const nothingSpecial: Omit<PlayStart, 'languages'> = { seconds: null, percent: null, subtitles: [] }

function startOf(position: Position | null, subtitles: readonly { link: string }[]): Omit<PlayStart, 'languages'> {
  const seconds = position?.seconds ?? null
  return {
    seconds,
    percent: position === null || seconds !== null ? null : position.progress * 100,
    subtitles: subtitles.map(({ link }) => link),
  }
}

function canStart(player: FoundPlayer | null, { seconds }: Position): boolean {
  if (player === null || player.startsAt === null) return false
  return player.startsAt === 'percent' || seconds !== null
}

/** The codes of three letters of the first few languages. */
function longCodesOf(languages: readonly string[]): string[] {
  const codes = languages.slice(0, maxLanguages).flatMap((language) => longCodes[language.split(/[-_]/)[0] ?? ''] ?? [])
  return [...new Set(codes)]
}
