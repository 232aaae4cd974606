import { AppError } from '../../shared/errors.ts'
import { undoMs } from '../../shared/limits.ts'
import type { Client } from '../../shared/rpc.ts'
import type { Save, SaveId, SaveMove } from '../../shared/save.ts'
import { say } from '../words/say.ts'
import type { AppState } from './store.ts'
import { turnActs, wordsFor } from './turn-acts.ts'
import type { Act } from './undo.ts'

type Ids = readonly SaveId[]

const runningStatuses: readonly Save['status'][] = ['waiting', 'listing', 'saving']
/** What the person does to saves, as acts that can be undone. Each resolves to null if it changed nothing. */
export function saveActs(client: Client, get: () => AppState) {
  const call = async (method: 'saves.pause' | 'saves.resume' | 'saves.remove', saveIds: Ids) => {
    if (saveIds.length > 0) await client.call(method, { saveIds: [...saveIds] })
    return null
  }
  const listed = (saveIds: Ids): Save[] => saveIds.flatMap((id) => get().saves.get(id) ?? [])
  const unfinished = (saveIds: Ids): Save[] => listed(saveIds).filter(({ status }) => status !== 'saved')
  const idsOf = (saves: readonly Save[]): SaveId[] => saves.map(({ id }) => id)

  /** Puts removed saves back. Resolves to what could not be done, or null. */
  async function keep(saveIds: Ids): Promise<string | null> {
    const late = await client.call('saves.keep', { saveIds: [...saveIds] })
    if (late.length === saveIds.length) throw new AppError('refused', say('saves.tooLate'))
    return late.length === 0 ? null : say('saves.tooLate')
  }

  /** Moves saves back to where they were. `before` is the whole list in its order. */
  async function restoreOrder(saveIds: Ids, before: Ids): Promise<null> {
    const moved = new Set(saveIds)
    let next: SaveId | null = null
    let run: SaveId[] = []
    const putBack = async () => {
      if (run.length > 0)
        await client.call('saves.move', { saveIds: run, to: next === null ? 'last' : { before: next } })
      next = run[0] ?? next
      run = []
    }
    // From the end, so that what comes after them is in its place already.
    for (const id of before.toReversed()) {
      if (!get().saves.has(id)) continue
      if (moved.has(id)) run.unshift(id)
      else {
        await putBack()
        next = id
      }
    }
    await putBack()
    return null
  }

  const turns = turnActs<Save>({
    listed,
    running: runningStatuses,
    isDone: ({ status }) => status === 'saved',
    pause: (saveIds) => call('saves.pause', saveIds),
    resume: (saveIds) => call('saves.resume', saveIds),
    words: { paused: 'saves.wasPaused', resumed: 'saves.wasResumed', haveEnded: 'saves.haveEnded' },
  })

  return {
    /** These were added a moment ago. */
    added(saveIds: Ids, isQuiet: boolean): Act {
      const sentence = say('saves.started', wordsFor(listed(saveIds)))
      let stopped: Ids = saveIds
      return {
        sentence,
        isQuiet,
        undo: async () => {
          const left = idsOf(unfinished(saveIds))
          if (left.length === 0) throw new AppError('refused', say('saves.savedStays', { what: sentence }))
          await call('saves.remove', left)
          stopped = left
          return left.length === saveIds.length ? null : say('saves.someStay')
        },
        redo: () => keep(stopped),
      }
    },
    ...turns,
    async move(saveIds: Ids, to: SaveMove): Promise<Act | null> {
      const moved = listed(saveIds)
      const ids = idsOf(moved)
      const before = [...get().saves.keys()]
      const move = async () => {
        await client.call('saves.move', { saveIds: ids, to })
        return null
      }
      if (ids.length > 0) await move()
      // The new order comes before the reply.
      if ([...get().saves.keys()].join() === before.join()) return null
      return {
        sentence: say('saves.wasMoved', wordsFor(moved)),
        undo: () => restoreOrder(ids, before),
        redo: move,
        isQuiet: true,
      }
    },
    /** Saves something in another folder. `onSave` gets the new save. */
    async elsewhere(saveId: SaveId, onSave: (saveId: SaveId) => void): Promise<Act | null> {
      const name = get().saves.get(saveId)?.name ?? ''
      const { saveId: other } = await client.call('saves.elsewhere', { saveId })
      if (other === null) return null
      onSave(other)
      return {
        sentence: say('saves.wasElsewhere', { name }),
        undo: async () => {
          const problem = await keep([saveId])
          await call('saves.remove', idsOf(unfinished([other])))
          return problem
        },
        redo: async () => {
          const problem = await keep([other])
          await call('saves.remove', idsOf(unfinished([saveId])))
          return problem
        },
        isQuiet: true,
      }
    },
    async remove(saveIds: Ids): Promise<Act | null> {
      const removed = listed(saveIds)
      const ids = idsOf(removed)
      if (ids.length === 0) return null
      const stopped = unfinished(ids)
      await call('saves.remove', ids)
      return {
        sentence:
          stopped.length > 0 ? say('saves.stopped', wordsFor(stopped)) : say('saves.removed', wordsFor(removed)),
        undo: () => keep(ids),
        redo: () => call('saves.remove', ids),
        ...(stopped.length > 0 ? { toastMs: undoMs - 500 } : {}),
      }
    },
  }
}
