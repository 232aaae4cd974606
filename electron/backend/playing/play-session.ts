import type { AccountId } from '../../../shared/account.ts'
import type { Item } from '../../../shared/item.ts'
import type { Playbacks } from './playbacks.ts'
import type { PlayerEvents } from './player-control.ts'
import { ReadEstimate } from './read-estimate.ts'
import type { LinkReader } from './relay.ts'

/** Sounds of at least this length, such as books, continue where they were left; music does not. */
const minSoundSeconds = 20 * 60
const noteReadEveryMs = 1000
/** How near to the wanted place a player counts as there, and how long it may take to get there. */
const nearSeconds = 30
const seekWithinMs = 15_000

interface Options {
  accountId: AccountId
  /** Notes how far an item was played. */
  playbacks: Pick<Playbacks, 'note'>
  /** Where the first item starts. */
  startSeconds: number | null
  /** True if the player starts the first item there by itself, and if it has its subtitles then. */
  startsByItself: boolean
  hasSubtitles: boolean
  /** Links of an item's subtitles. */
  subtitlesOf(item: Item): Promise<string[]>
  onPause(): void
}

/** What one player plays: notes how far, and gives it the subtitles of what it opens. */
export class PlaySession implements PlayerEvents {
  readonly #options: Options
  readonly #played = new Map<string, Item>()
  readonly opened: Promise<void>
  #open: () => void = () => undefined
  #first: string | null = null
  /** It reports where it is, so that nothing needs to be estimated. */
  #isReporting = false
  #isStarted = false
  #seeking: { key: string; seconds: number; untilMs: number } | null = null

  constructor(options: Options) {
    this.#options = options
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  /** Follows what is read of an item. */
  reader(item: Item): LinkReader {
    const estimate = new ReadEstimate()
    let notedAtMs = 0
    return {
      onOpen: () => this.#open(),
      onRead: (connection, range) => {
        const now = performance.now()
        if (this.#isReporting || now - notedAtMs < noteReadEveryMs) return
        notedAtMs = now
        estimate.note(connection, range, now)
        const progress = estimate.progress()
        if (progress !== null && item.kind === 'movie')
          this.#options.playbacks.note(this.#options.accountId, item.id, { progress, durationSeconds: null })
      },
    }
  }

  /** Tells which item a link is of. */
  add(link: string, item: Item): void {
    this.#first ??= keyOf(link)
    this.#played.set(keyOf(link), item)
  }

  onFile(link: string): { startSeconds: number | null; subtitles: Promise<readonly string[]> } {
    const isFirst = !this.#isStarted && keyOf(link) === this.#first
    this.#isStarted = true
    const item = this.#played.get(keyOf(link))
    const { startsByItself, hasSubtitles, startSeconds, subtitlesOf } = this.#options
    if (item === undefined) return { startSeconds: null, subtitles: Promise.resolve([]) }
    const start = isFirst && !startsByItself ? startSeconds : null
    if (start !== null) this.#seeking = { key: keyOf(link), seconds: start, untilMs: performance.now() + seekWithinMs }
    return { startSeconds: start, subtitles: isFirst && hasSubtitles ? Promise.resolve([]) : subtitlesOf(item) }
  }

  onPause(): void {
    this.#options.onPause()
  }

  onPosition(link: string, positionSeconds: number, durationSeconds: number): void {
    const item = this.#played.get(keyOf(link))
    if (item === undefined) return
    this.#isReporting = true
    if (this.#isBeforeSeek(link, positionSeconds)) return
    if (item.kind !== 'movie' && durationSeconds < minSoundSeconds) return
    this.#options.playbacks.note(this.#options.accountId, item.id, { positionSeconds, durationSeconds })
  }

  /** True while the player has not reached the place where it shall start: what it reports would take that place. */
  #isBeforeSeek(link: string, positionSeconds: number): boolean {
    const seeking = this.#seeking
    if (seeking === null || seeking.key !== keyOf(link)) return false
    const isWaiting = positionSeconds < seeking.seconds - nearSeconds && performance.now() < seeking.untilMs
    if (!isWaiting) this.#seeking = null
    return isWaiting
  }
}

/** The random part of a link: a player may write the rest in another way. */
function keyOf(link: string): string {
  return /\/s\/([0-9a-f]{32})\//.exec(link)?.[1] ?? link
}
