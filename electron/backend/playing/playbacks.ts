import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import type { ItemId } from '../../../shared/item.ts'
import { Playback, watchedFrom } from '../../../shared/playback.ts'
import { isObject } from '../files/json-content.ts'
import { JsonFile, type JsonFileOptions } from '../files/json-file.ts'
import type { Emit } from '../host/emit.ts'

const group = 'playbacks'
/** How long the newest position may be in memory only. */
const saveEveryMs = 15_000
/** The file is small and is replaced as a whole. */
const maxPlaybacks = 5000

/** Nobody misses less than this. */
export const minSeconds = 10
const minProgress = 0.01

const StoredPlayback = Playback.extend({
  accountId: z.string().min(1),
  atMs: z.number(),
  /** The position at the service, in seconds, when this computer last told it or heard of it; missing if it never did. */
  toldSeconds: z.number().optional().catch(undefined),
})
export type StoredPlayback = z.infer<typeof StoredPlayback>

/** A position that a player reported, in seconds, or the share of the file that it has read. */
export type PlayedTo =
  | { positionSeconds: number; durationSeconds: number }
  | { progress: number; durationSeconds: number | null }

interface Options extends Pick<JsonFileOptions, 'tell' | 'onSaved'> {
  dataFolder: string
  emit: Emit
}

/** What was played and how far, per account and item, in `playbacks.json`. */
export class Playbacks {
  readonly #removed = new Set<AccountId>()
  readonly #file: JsonFile
  readonly #emit: Emit
  readonly #known = new Map<string, StoredPlayback>()
  readonly #unsaved = new Set<string>()
  #timer: NodeJS.Timeout | null = null

  constructor({ dataFolder, emit, ...told }: Options) {
    this.#emit = emit
    const path = join(dataFolder, 'playbacks.json')
    const copies = ['playbacks.last-good.json', 'playbacks.last-good.1.json'].map((name) => join(dataFolder, name))
    this.#file = new JsonFile({
      path,
      title: 'list of what you have played',
      contents: 'positions',
      whatToDo: 'What you play from now on is remembered again.',
      groups: {
        [group]: {
          nouns: ['position', 'positions'],
          idOf: (value) => {
            const { data } = StoredPlayback.pick({ accountId: true, itemId: true }).safeParse(value)
            return data === undefined ? null : keyOf(data.accountId, data.itemId)
          },
          isGood: (_name, value) => isObject(value) && StoredPlayback.safeParse(value).success,
        },
      },
      copies,
      isUsed: copies.some((copy) => existsSync(copy)),
      ...told,
    })
    for (const [key, value] of this.#file.entries(group)) this.#known.set(key, StoredPlayback.parse(value))
  }

  of(accountId: AccountId, itemId: ItemId): StoredPlayback | null {
    return this.#known.get(keyOf(accountId, itemId)) ?? null
  }

  /** Notes how far an item was played. It is stored within seconds; `save` stores it at once. */
  note(accountId: AccountId, itemId: ItemId, to: PlayedTo): void {
    // A player may go on after its account was removed.
    if (this.#removed.has(accountId)) return
    const before = this.of(accountId, itemId)
    const durationSeconds = to.durationSeconds ?? before?.durationSeconds ?? null
    const reached = 'progress' in to ? to.progress : to.positionSeconds / to.durationSeconds
    const progress = Math.min(1, Math.max(0, reached))
    if (!Number.isFinite(progress)) return
    const isEnd = progress >= watchedFrom
    const isStart = durationSeconds === null ? progress < minProgress : progress * durationSeconds < minSeconds
    const isWatched = isEnd || before?.isWatched === true
    this.#put({
      ...before,
      accountId,
      itemId,
      progress: isEnd || isStart ? 0 : progress,
      durationSeconds,
      isWatched,
      atMs: Date.now(),
    })
    if (isWatched !== (before?.isWatched ?? false)) this.save()
    else this.#timer ??= setTimeout(() => this.save(), saveEveryMs).unref()
  }

  /** Notes where the service says that an item is, from now on. */
  noteTold(accountId: AccountId, itemId: ItemId, toldSeconds: number): void {
    const before = this.of(accountId, itemId)
    if (this.#removed.has(accountId) || before?.toldSeconds === toldSeconds) return
    const nothing = { accountId, itemId, progress: 0, durationSeconds: null, isWatched: false, atMs: Date.now() }
    this.#put({ ...(before ?? nothing), toldSeconds })
    this.#timer ??= setTimeout(() => this.save(), saveEveryMs).unref()
  }

  /** Stores what was noted, and shows it in the windows. */
  save(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#unsaved.size === 0) return
    const keys = [...this.#unsaved]
    this.#unsaved.clear()
    const changed = keys.flatMap((key) => this.#known.get(key) ?? [])
    const oldest = [...this.#known.keys()].slice(0, Math.max(0, this.#known.size - maxPlaybacks))
    for (const key of oldest) this.#known.delete(key)
    this.#file.put(group, {
      ...Object.fromEntries(changed.map((stored) => [keyOf(stored.accountId, stored.itemId), stored])),
      ...Object.fromEntries(oldest.map((key) => [key, undefined])),
    })
    for (const accountId of new Set(changed.map((stored) => stored.accountId)))
      this.#tell(
        accountId,
        false,
        changed.filter((stored) => stored.accountId === accountId),
      )
  }

  emitAll(): void {
    const accountIds = new Set([...this.#known.values()].map(({ accountId }) => accountId))
    for (const accountId of accountIds)
      this.#tell(
        accountId,
        true,
        [...this.#known.values()].filter((stored) => stored.accountId === accountId),
      )
  }

  /** Forgets what was played of an account that was removed. */
  removeAccount(accountId: AccountId): void {
    this.#removed.add(accountId)
    const keys = [...this.#known].filter(([, stored]) => stored.accountId === accountId).map(([key]) => key)
    for (const key of keys) {
      this.#known.delete(key)
      this.#unsaved.delete(key)
    }
    if (keys.length > 0) this.#file.put(group, Object.fromEntries(keys.map((key) => [key, undefined])))
  }

  handlers(): HandlersOf<'playbacks'> {
    return {
      'playbacks.mark': async ({ accountId, itemIds, isWatched }) => {
        for (const itemId of itemIds) {
          const before = this.of(accountId, itemId)
          const durationSeconds = before?.durationSeconds ?? null
          this.#put({ ...before, accountId, itemId, progress: 0, durationSeconds, isWatched, atMs: Date.now() })
        }
        this.save()
        return null
      },
    }
  }

  close(): void {
    this.save()
    this.#file.close()
  }

  /** The newest is last, so that the oldest is dropped first. */
  #put(stored: StoredPlayback): void {
    const key = keyOf(stored.accountId, stored.itemId)
    this.#known.delete(key)
    this.#known.set(key, stored)
    this.#unsaved.add(key)
  }

  #tell(accountId: AccountId, isReset: boolean, stored: readonly StoredPlayback[]): void {
    const upserted = stored.map((one) => Playback.parse(one))
    this.#emit('playbacks.changed', { accountId, isReset, upserted })
  }
}

function keyOf(accountId: AccountId, itemId: ItemId): string {
  return `${accountId}/${itemId}`
}
