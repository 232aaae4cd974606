import { AppError } from '../../shared/errors.ts'
import { say } from '../words/say.ts'
import type { Slice } from './store.ts'
import type { ToastAction } from './toasts.ts'

/** Undoes or redoes an act. Returns what could not be done, or null; rejects with the reason if nothing could. */
type Reversal = () => Promise<string | null>

/** An act of the person that is done. */
export interface Act {
  /** What was done, without a full stop: "Moved 3 items to Films". */
  sentence: string
  /** Null if it cannot be undone. Then older acts cannot be undone either. */
  undo: Reversal | null
  redo: Reversal | null
  /** What of it could not be done; null if all of it was. */
  problem?: string | null
  /** True if the window shows the result anyway, so that no toast is needed. */
  isQuiet?: boolean
  /** What its toast offers besides Undo. */
  actions?: readonly ToastAction[]
  /** How long its toast stays, if not as long as others. */
  toastMs?: number
}

/** An act that cannot be undone, and whose result the window shows. */
export function final(sentence: string): Act {
  return { sentence, undo: null, redo: null, isQuiet: true }
}

export interface UndoSlice {
  /** Acts that are done, the last one at the end. */
  done: readonly Act[]
  /** Acts that were undone, the last one at the end. The next act clears them. */
  undone: readonly Act[]
  /** Runs an act so that it can be undone. `run` resolves to null if nothing was done. */
  act(run: () => Promise<Act | null>): Promise<void>
  /** Undoes the last act, once all that still run have ended, or says that it cannot be undone. */
  undo(): Promise<void>
  redo(): Promise<void>
  /** Undoes this act, even if others were done since. Does nothing if it is undone already. */
  undoAct(act: Act): Promise<void>
}

const maxActs = 50

/** The acts of the person, and their undoing: one act, one undo, in whatever folder it was done. */
export const undoSlice: Slice<UndoSlice> = () => (set, get) => {
  const running = new Set<Promise<unknown>>()
  /** Reversals run one after another. */
  let last: Promise<void> = Promise.resolve()

  function announce(act: Act, undo: Act['undo'], tell = get().addToast) {
    const { sentence, problem = null, isQuiet = false, toastMs, actions: more = [] } = act
    if (isQuiet && problem === null) {
      get().dismissActions()
      return
    }
    const text = problem === null ? sentence : `${sentence}. ${problem}`
    const undoing = undo === null ? [] : [{ label: say('action.undo'), run: () => void get().undoAct(act) }]
    const actions = [...more, ...undoing]
    tell({
      sentence: text,
      actions,
      isProblem: problem !== null,
      ...(toastMs ? { durationMs: toastMs } : {}),
    })
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.then(async () => {
      while (running.size > 0) await Promise.allSettled(running)
      await get().attempt(work, () => inTurn(work))
    })
    return last
  }

  async function reverse(act: Act) {
    if (!get().done.includes(act)) return
    if (act.undo === null) throw new AppError('refused', say('undo.impossible', { what: act.sentence }))
    const problem = await act.undo()
    set(({ done, undone }) => ({ done: done.filter((other) => other !== act), undone: [...undone, act] }))
    const sentence = say('undo.done', { what: act.sentence })
    get().addToast({
      sentence: problem === null ? sentence : `${sentence}. ${problem}`,
      isProblem: problem !== null,
      actions: act.redo === null ? [] : [{ label: say('action.redo'), run: () => void get().redo() }],
    })
  }

  return {
    done: [],
    undone: [],
    act: async (run) => {
      const tell = get().toastLater()
      const work = run()
      running.add(work)
      try {
        const act = await work
        if (act === null) return
        set(({ done }) => ({ done: act.undo === null ? [act] : [...done.slice(1 - maxActs), act], undone: [] }))
        announce(act, act.undo, tell)
      } finally {
        running.delete(work)
      }
    },
    undo: () =>
      inTurn(async () => {
        const act = get().done.at(-1)
        if (act === undefined) get().toast(say('undo.nothing'))
        else await reverse(act)
      }),
    redo: () =>
      inTurn(async () => {
        const act = get().undone.at(-1)
        if (act === undefined || act.redo === null) {
          get().toast(say('redo.nothing'))
          return
        }
        const problem = await act.redo()
        set(({ done, undone }) => ({ done: [...done, act], undone: undone.filter((other) => other !== act) }))
        announce({ ...act, problem, isQuiet: false }, act.undo)
      }),
    undoAct: (act) => inTurn(() => reverse(act)),
  }
}
