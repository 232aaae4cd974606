import type { AccountId } from '../../shared/account.ts'
import type { Steps } from '../../shared/contract.ts'
import type { CallOptions } from '../../shared/rpc.ts'
import { say } from '../words/say.ts'
import { isCancelled, isUnreachable, sentenceOf } from './sentence.ts'
import type { AppState, Slice } from './store.ts'
import type { Arrival } from './transfers.ts'

export interface ToastAction {
  label: string
  run(): void
}

/**
 * A message in the window. `message`: the result of what the person did; a new one replaces it. `news`: something happened by itself; it
 * waits until there is no message. `progress` of a long action: it lasts as long as the action, and is shown when there is nothing else.
 */
export interface Toast {
  id: number
  kind: 'message' | 'news' | 'progress'
  isProblem: boolean
  sentence: string
  actions: readonly ToastAction[]
  /** How many arrived transfers it reports. */
  arrivedCount: number
  /** How long it is shown; null as long as the action runs. */
  durationMs: number | null
}

type Draft = Pick<Toast, 'sentence'> & Partial<Omit<Toast, 'id' | 'kind'>>

/** Options that let a long action report progress and be stopped. */
export type FollowOptions = Required<Pick<CallOptions<'items.move'>, 'signal' | 'onProgress'>>

export interface ToastsSlice {
  /** At most one of each of the kinds `message` and `news`. Only `shownToast` is visible. */
  toasts: readonly Toast[]
  /** Shows a message, and returns its id. */
  toast(sentence: string, actions?: readonly ToastAction[]): number
  /** Changes a message that is still there. */
  changeToast(id: number, change: Pick<Toast, 'sentence' | 'actions'>): void
  showError(sentence: string, actions?: readonly ToastAction[]): void
  /** Shows a message, which replaces the last one. */
  addToast(draft: Draft): void
  /** Call this when an action begins: what it returns shows the message about its end. If there is a newer problem, that one stays. */
  toastLater(): (draft: Draft) => void
  /** Shows news once there is no message. */
  addNews(draft: Draft): void
  dismissToast(id: number): void
  /** Removes the message if it has actions, which would now mean something else. */
  dismissActions(): void
  tellArrived(accountId: AccountId, arrival: Arrival): void
  /** Runs a long action. If it takes more than a second, a toast shows its progress and a Stop button. */
  follow<T>(sentenceOf: (steps: Steps) => string, action: (options: FollowOptions) => Promise<T>): Promise<T>
  /** Runs an action and shows its error in a toast. After one that may pass, the toast offers `again`: by default, the same once more. */
  attempt(action: () => Promise<void>, again?: () => Promise<void>): Promise<void>
}

const shownMs = 7000
const problemMs = 12_000
/** Actions that take longer show their progress. */
const longAfterMs = 1000
const order: readonly Toast['kind'][] = ['message', 'news', 'progress']

/** The only toast that is visible. */
export function shownToast({ toasts }: Pick<AppState, 'toasts'>): Toast | null {
  for (const kind of order) {
    const toast = toasts.findLast((one) => one.kind === kind)
    if (toast !== undefined) return toast
  }
  return null
}

/** What a message about an error offers: nothing if trying again is of no use. */
export function retryAfter(error: unknown, again: () => Promise<void>): ToastAction[] {
  return isUnreachable(error) ? [{ label: say('action.retry'), run: () => void again() }] : []
}

/** Messages without a better place. One is visible at a time. */
export const toastsSlice: Slice<ToastsSlice> = () => (set, get) => {
  let lastId = 0

  function put(kind: Toast['kind'], draft: Draft, id = ++lastId): number {
    const durationMs = kind === 'progress' ? null : draft.isProblem === true ? problemMs : shownMs
    const toast: Toast = { id, kind, isProblem: false, actions: [], arrivedCount: 0, durationMs, ...draft }
    const isReplaced = (one: Toast) => (kind === 'progress' ? one.id === id : one.kind === kind)
    set(({ toasts }) => ({ toasts: [...toasts.filter((one) => !isReplaced(one)), toast] }))
    return id
  }

  return {
    toasts: [],
    toast: (sentence, actions = []) => put('message', { sentence, actions }),
    changeToast: (id, change) =>
      set(({ toasts }) => ({ toasts: toasts.map((toast) => (toast.id === id ? { ...toast, ...change } : toast)) })),
    showError: (sentence, actions = []) => void put('message', { sentence, actions, isProblem: true }),
    addToast: (draft) => void put('message', draft),
    toastLater: () => {
      const before = lastId
      return (draft) => {
        const isNewer = get().toasts.some(({ id, kind, isProblem }) => kind === 'message' && isProblem && id > before)
        put(isNewer ? 'news' : 'message', draft)
      }
    },
    addNews: (draft) => void put('news', draft),
    dismissToast: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
    dismissActions: () =>
      set(({ toasts }) => ({
        toasts: toasts.filter(({ kind, actions }) => kind !== 'message' || actions.length === 0),
      })),
    tellArrived: (accountId, { name, itemId, folderId }) => {
      const arrivedCount = 1 + get().toasts.reduce((sum, toast) => sum + toast.arrivedCount, 0)
      if (arrivedCount > 1) {
        put('news', { sentence: say('transfers.arrivedCount', { count: arrivedCount }), arrivedCount })
        return
      }
      const actions: ToastAction[] = []
      if (folderId !== null) {
        actions.push({ label: say('action.show'), run: () => get().goTo(accountId, folderId, itemId ?? undefined) })
      }
      if (itemId !== null && /\.(mp4|mkv|avi|mov|webm|m4v|mpe?g|wmv|mp3|flac|ogg|opus|m4a|wav|aac)$/i.test(name)) {
        actions.push({ label: say('action.play'), run: () => void get().play(accountId, itemId, name, null) })
      }
      put('news', { sentence: say('transfers.arrived', { name }), actions, arrivedCount })
    },
    follow: async (sentenceOf, action) => {
      const controller = new AbortController()
      const id = ++lastId
      const startedAtMs = performance.now()
      const stop = { label: say('action.stop'), run: () => controller.abort() }
      try {
        return await action({
          signal: controller.signal,
          onProgress: (steps) => {
            if (performance.now() - startedAtMs > longAfterMs)
              put('progress', { sentence: sentenceOf(steps), actions: [stop] }, id)
          },
        })
      } catch (error) {
        if (isCancelled(error)) get().toast(say('action.stopped'))
        throw error
      } finally {
        get().dismissToast(id)
      }
    },
    attempt: async (action, again = () => get().attempt(action)) => {
      try {
        await action()
      } catch (error) {
        if (!isCancelled(error)) get().showError(sentenceOf(error), retryAfter(error, again))
      }
    },
  }
}
