import type { AccountId } from '../../shared/account.ts'
import type { Output } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import { maxPlayed } from '../../shared/limits.ts'
import type { Playback } from '../../shared/playback.ts'
import type { TransferId } from '../../shared/transfer.ts'
import { languageName } from '../words/language-name.ts'
import { say } from '../words/say.ts'
import type { Slice } from './store.ts'

/** What is to be played: items in their order, or the films and sounds of a folder. `name` is of the first item or the folder. */
export interface ToPlay {
  accountId: AccountId
  itemIds: readonly ItemId[]
  folderId: ItemId | null
  name: string
  playerId: string | null
}

type Start = 'ask' | 'position' | 'beginning'

export interface PlayingSlice {
  /** How far items were played, by account. */
  playbacks: ReadonlyMap<AccountId, ReadonlyMap<ItemId, Playback>>
  /** Plays one item; null means the preferred player. If it was left in the middle, asks whether to continue there. */
  play(accountId: AccountId, itemId: ItemId, name: string, playerId: string | null): Promise<void>
  /** Plays several items, or a folder, as one list. With `start`, one item starts there without a question. */
  playAll(what: ToPlay, start?: Start): Promise<void>
  /** Plays what is being fetched, as it arrives. */
  playTransfer(accountId: AccountId, transferId: TransferId, name: string): Promise<void>
  /** Puts a link that plays an item on the clipboard, and says when it expires. */
  copyStreamLink(accountId: AccountId, itemId: ItemId, name: string): Promise<void>
  markWatched(accountId: AccountId, itemIds: readonly ItemId[], isWatched: boolean): Promise<void>
}

/** Playing, and a mirror of how far items were played. */
export const playingSlice: Slice<PlayingSlice> = (client) => (set, get) => {
  client.on('playbacks.changed', ({ accountId, isReset, upserted }) =>
    set(({ playbacks }) => {
      const ofAccount = new Map(isReset ? [] : playbacks.get(accountId))
      for (const playback of upserted) ofAccount.set(playback.itemId, playback)
      return { playbacks: new Map(playbacks).set(accountId, ofAccount) }
    }),
  )

  function show(what: ToPlay, answer: Output<'play.items'>): void {
    if (answer.state === 'asks') {
      const { playback, positionSeconds } = answer
      get().open({ kind: 'continue', what, playback, positionSeconds })
    } else get().toast(started(what, answer))
  }

  function start(what: ToPlay, from: Start): Promise<void> {
    const { name, itemIds, ...rest } = what
    const { accountId } = what
    const run = async () =>
      show(what, await client.call('play.items', { ...rest, itemIds: itemIds.slice(0, maxPlayed), start: from }))
    return get().attemptThere({ accountId, name, label: 'trust.play', run })
  }

  return {
    playbacks: new Map(),
    play: (accountId, itemId, name, playerId) =>
      start({ accountId, itemIds: [itemId], folderId: null, name, playerId }, 'ask'),
    playAll: (what, from = 'ask') => start(what, from),
    playTransfer: (accountId, transferId, name) => {
      const run = async () => {
        const answer = await client.call('play.transfer', { accountId, transferId })
        const itemIds = answer.state === 'asks' ? [answer.playback.itemId] : []
        show({ accountId, itemIds, folderId: null, name, playerId: null }, answer)
      }
      return get().attemptThere({ accountId, name, label: 'trust.play', run })
    },
    copyStreamLink: (accountId, itemId, name) => {
      const run = async () => {
        await client.call('play.copyLink', { accountId, itemId })
        get().toast(say('play.linkCopied', { name }))
      }
      return get().attemptThere({ accountId, name, label: 'trust.copyLink', run })
    },
    markWatched: (accountId, itemIds, isWatched) =>
      get().attempt(() =>
        get().act(async () => {
          const known = get().playbacks.get(accountId)
          const changed = itemIds.filter((id) => (known?.get(id)?.isWatched ?? false) !== isWatched)
          // Marking them forgets where they were left.
          const wereLeft = changed.some((id) => (known?.get(id)?.progress ?? 0) > 0)
          const mark = async (ids: readonly ItemId[], as: boolean) => {
            if (ids.length > 0) await client.call('playbacks.mark', { accountId, itemIds: [...ids], isWatched: as })
            return null
          }
          await mark(itemIds, isWatched)
          return {
            sentence: say(isWatched ? 'play.wereWatched' : 'play.wereUnwatched', { count: itemIds.length }),
            undo: async () => {
              await mark(changed, !isWatched)
              return wereLeft ? say('play.positionLost') : null
            },
            redo: () => mark(itemIds, isWatched),
            isQuiet: true,
          }
        }),
      ),
  }
}

type Started = Extract<Output<'play.items'>, { state: 'started' }>

function started({ name, itemIds }: ToPlay, { player, count, total, languages }: Started): string {
  const wanted = Math.max(total, itemIds.length)
  if (count > 1 && wanted > count && count === maxPlayed)
    return say('play.startedPart', { count, total: wanted, player })
  if (count > 1) return say('play.startedList', { count, player })
  if (languages.length === 0) return say('play.started', { name, player })
  const names = languages.map((code) => (code === null ? say('play.subtitleOfUnknown') : languageName(code)))
  return say('play.startedWithSubtitles', { name, player, languages: [...new Set(names)].join(', ') })
}
