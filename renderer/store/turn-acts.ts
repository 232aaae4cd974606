import { AppError } from '../../shared/errors.ts'
import { type MessageId, say } from '../words/say.ts'
import type { Act } from './undo.ts'

/** What can be paused and continued: a save or a send. */
interface Turnable {
  id: string
  name: string
  status: string
}

interface TurnOptions<T extends Turnable> {
  /** Those with these ids that are in the list. */
  listed(ids: readonly string[]): T[]
  /** The statuses that pausing ends. */
  running: readonly T['status'][]
  isDone(one: T): boolean
  pause(ids: string[]): Promise<unknown>
  resume(ids: string[]): Promise<unknown>
  words: { paused: MessageId; resumed: MessageId; haveEnded: MessageId }
}

/** How many, and the name of the first. */
export function wordsFor(all: readonly { name: string }[]): { count: number; name: string } {
  return { count: all.length, name: all[0]?.name ?? '' }
}

/** Pausing and continuing, as acts that undo each other. Each resolves to null if it changed nothing. */
export function turnActs<T extends Turnable>({ listed, running, isDone, pause, resume, words }: TurnOptions<T>) {
  /** Does it as long as there is something to do it to. */
  const onUnfinished = (run: (ids: string[]) => Promise<unknown>, ids: readonly string[]) => async () => {
    const left = listed(ids).filter((one) => !isDone(one))
    if (left.length === 0) throw new AppError('refused', say(words.haveEnded))
    await run(left.map(({ id }) => id))
    return null
  }

  async function turn(
    turned: readonly T[],
    sentence: MessageId,
    run: (ids: string[]) => Promise<unknown>,
    back: (ids: string[]) => Promise<unknown>,
  ): Promise<Act | null> {
    const ids = turned.map(({ id }) => id)
    if (ids.length === 0) return null
    await run(ids)
    return {
      sentence: say(sentence, wordsFor(turned)),
      undo: onUnfinished(back, ids),
      redo: onUnfinished(run, ids),
      isQuiet: true,
    }
  }

  return {
    pause: (ids: readonly string[]) =>
      turn(
        listed(ids).filter(({ status }) => running.includes(status)),
        words.paused,
        pause,
        resume,
      ),
    resume: (ids: readonly string[]) =>
      turn(
        listed(ids).filter(({ status }) => status === 'paused' || status === 'error'),
        words.resumed,
        resume,
        pause,
      ),
  }
}
