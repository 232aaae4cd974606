import { AppError } from '../../shared/errors.ts'
import type { ItemId } from '../../shared/item.ts'
import { undoMs } from '../../shared/limits.ts'
import type { Client } from '../../shared/rpc.ts'
import type { Send, SendId } from '../../shared/send.ts'
import { say } from '../words/say.ts'
import { capabilitiesOf } from './selectors.ts'
import type { AppState } from './store.ts'
import { turnActs, wordsFor } from './turn-acts.ts'
import type { Act } from './undo.ts'

type Ids = readonly SendId[]

const runningSends: readonly Send['status'][] = ['waiting', 'listing', 'sending']

/**
 * What the person does to sends, as acts that can be undone. Each resolves to null if it changed nothing. `lastOf` has the last state of a
 * send, also of one that has left the list.
 */
export function sendActs(client: Client, get: () => AppState, lastOf: (sendId: SendId) => Send | null) {
  const listed = (sendIds: Ids): Send[] => sendIds.flatMap((id) => get().sends.get(id) ?? [])

  /** Puts removed sends back. Resolves to what could not be done, or null. */
  async function keep(sendIds: Ids): Promise<string | null> {
    if (sendIds.length === 0) return null
    const late = await client.call('sends.keep', { sendIds: [...sendIds] })
    if (late.length === sendIds.length) throw new AppError('refused', say('sends.tooLate'))
    return late.length === 0 ? null : say('sends.tooLate')
  }

  async function remove(sendIds: Ids): Promise<Send[]> {
    return sendIds.length === 0 ? [] : client.call('sends.remove', { sendIds: [...sendIds] })
  }

  /** Deletes what sends have become. What was merged into a folder stays. Returns what was deleted, by account. */
  async function deleteSent(sends: readonly Send[]): Promise<Map<string, ItemId[]>> {
    const deleted = new Map<string, ItemId[]>()
    for (const { accountId, itemId, isMerged } of sends)
      if (itemId !== null && !isMerged) deleted.set(accountId, [...(deleted.get(accountId) ?? []), itemId])
    for (const [accountId, itemIds] of deleted) await client.call('items.delete', { accountId, itemIds })
    return deleted
  }

  return {
    ...turnActs<Send>({
      listed,
      running: runningSends,
      isDone: ({ status }) => status === 'sent',
      pause: (sendIds) => client.call('sends.pause', { sendIds }),
      resume: (sendIds) => client.call('sends.resume', { sendIds }),
      words: { paused: 'sends.wasPaused', resumed: 'sends.wasResumed', haveEnded: 'sends.haveEnded' },
    }),
    /** These were added a moment ago. */
    added(sendIds: Ids, isQuiet: boolean): Act {
      let [removed, deleted]: [Ids, Map<string, ItemId[]>] = [[], new Map()]
      return {
        sentence: say('sends.started', { count: sendIds.length, name: lastOf(sendIds[0] ?? '')?.name ?? '' }),
        isQuiet,
        undo: async () => {
          // Those that are no longer in the list have been sent.
          const isGone = (id: SendId) => !get().sends.has(id) && lastOf(id) !== null
          const gone = sendIds.filter(isGone).flatMap((id) => lastOf(id) ?? [])
          const stopped = await remove(sendIds.filter((id) => !isGone(id)))
          const all = [...stopped, ...gone]
          removed = stopped.map(({ id }) => id)
          deleted = await deleteSent(all)
          const stays = all.some(({ isMerged, doneFiles, skippedFiles }) => isMerged && doneFiles > skippedFiles)
          const hasTrash = [...deleted.keys()].every((accountId) => capabilitiesOf(get(), accountId).hasTrash)
          const sentences = [
            deleted.size > 0 ? say(hasTrash ? 'sends.undoneToTrash' : 'sends.undoneDeleted') : null,
            stays ? say('sends.undoneStays') : null,
          ].filter((sentence) => sentence !== null)
          return sentences.length === 0 ? null : sentences.join(' ')
        },
        redo: async () => {
          const problems: (string | null)[] = []
          for (const [accountId, itemIds] of deleted)
            problems.push((await get().restoreItems(accountId, itemIds)).problem)
          problems.push(await keep(removed))
          return problems.find((problem) => problem !== null) ?? null
        },
      }
    },
    async remove(sendIds: Ids): Promise<Act | null> {
      const removed = listed(sendIds)
      const ids = removed.map(({ id }) => id)
      if (ids.length === 0) return null
      const stopped = removed.filter(({ status }) => status !== 'sent')
      await remove(ids)
      return {
        sentence:
          stopped.length > 0 ? say('sends.stopped', wordsFor(stopped)) : say('sends.removed', wordsFor(removed)),
        undo: () => keep(ids),
        redo: async () => {
          await remove(ids)
          return null
        },
        ...(stopped.length > 0 ? { toastMs: undoMs - 500 } : {}),
      }
    },
    /** Sends a changed copy up. What it replaces cannot be brought back once it is replaced. */
    async copy(copyId: string, onSend: (sendId: SendId) => void): Promise<Act> {
      const name = get().changedCopies.find(({ id }) => id === copyId)?.name ?? ''
      const { sendId } = await client.call('copies.sendUp', { copyId })
      onSend(sendId)
      const sentence = say('sends.newVersion', { name })
      return {
        sentence,
        undo: async () => {
          if (lastOf(sendId)?.status === 'sent')
            throw new AppError('refused', say('undo.impossible', { what: sentence }))
          await remove([sendId])
          return null
        },
        redo: () => keep([sendId]),
      }
    },
  }
}
