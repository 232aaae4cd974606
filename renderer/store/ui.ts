import type { AccountId } from '../../shared/account.ts'
import type { Steps } from '../../shared/contract.ts'
import type { ItemId } from '../../shared/item.ts'
import type { CallOptions } from '../../shared/rpc.ts'
import type { TransferId } from '../../shared/transfer.ts'
import { say } from '../words/say.ts'
import type { LinksAndFiles } from './analysis.ts'
import type { HeldItems } from './item-actions.ts'
import type { Row } from './listing.ts'
import { isCancelled, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'
import type { Arrival } from './transfers.ts'

export type DialogState =
  | ({ kind: 'add-links'; accountId: AccountId; folderId: ItemId } & LinksAndFiles)
  | { kind: 'sign-in'; accountId: AccountId | null }
  | { kind: 'remove-account'; accountId: AccountId }
  | { kind: 'delete'; accountId: AccountId; rows: readonly Row[] }
  | { kind: 'settings' }
  | { kind: 'history'; accountId: AccountId }
  | { kind: 'archive-password'; accountId: AccountId; transferId: TransferId }
  | {
      kind: 'save-conflict'
      accountId: AccountId
      itemIds: readonly ItemId[]
      folder: string
      taken: readonly string[]
    }
  | { kind: 'shortcuts' }

type MenuState =
  | { kind: 'items'; x: number; y: number }
  | { kind: 'account'; x: number; y: number; accountId: AccountId }

export interface ToastAction {
  label: string
  run(): void
}

interface Toast {
  id: number
  isProblem: boolean
  sentence: string
  actions: readonly ToastAction[]
  /** How many arrived transfers it reports. */
  arrivedCount: number
  /** True while the action is running: the toast stays, and its sentence changes. */
  isOngoing: boolean
}

/** Options that let a long action report progress and be stopped. */
type FollowOptions = Required<Pick<CallOptions<'items.move'>, 'signal' | 'onProgress'>>

export interface UiSlice {
  dialog: DialogState | null
  /** Links that were added before the first account. */
  waiting: LinksAndFiles | null
  menu: MenuState | null
  toasts: readonly Toast[]
  /** The item that is being renamed, and the problem with the new name. */
  renaming: { id: ItemId; problem: string | null } | null
  isPathTyped: boolean
  /** The dragged items, so that a drop target can tell whether it accepts them. */
  dragged: HeldItems | null
  /** The current drop target: a folder's key, `window` for the whole window, or null. */
  dropAt: string | null
  open(dialog: DialogState): void
  close(): void
  openMenu(menu: MenuState | null): void
  /** Opens Add links with links and files. Without an account, they wait for the first one. */
  openAddLinks(input: Partial<LinksAndFiles>, folder?: { accountId: AccountId; folderId: ItemId }): void
  /** Opens Add links with what waited for an account. */
  openWaiting(): void
  toast(sentence: string, actions?: readonly ToastAction[]): void
  showError(sentence: string, actions?: readonly ToastAction[]): void
  dismissToast(id: number): void
  tellArrived(accountId: AccountId, arrival: Arrival): void
  /** Runs a long action. If it takes more than a second, a toast shows its progress and a Stop button. */
  follow<T>(sentenceOf: (steps: Steps) => string, action: (options: FollowOptions) => Promise<T>): Promise<T>
  /** Runs an action and shows its error in a toast. */
  attempt(action: () => Promise<void>): Promise<void>
  setRenaming(renaming: UiSlice['renaming']): void
  setPathTyped(isPathTyped: boolean): void
  setDragged(dragged: UiSlice['dragged']): void
  setDropAt(dropAt: string | null): void
}

const maxToasts = 4
/** Actions that take longer show their progress. */
const longAfterMs = 1000
/** Up to this many arrived transfers get a toast each; more are summed up in one toast. */
const maxArrivedAlone = 2

/** The state of the user interface: dialogs, menus, toasts, dragging, renaming. */
export const uiSlice: Slice<UiSlice> = (client) => (set, get) => {
  let lastToast = 0
  function addToast(toast: Omit<Toast, 'id'>) {
    set((state) => ({ toasts: [...state.toasts, { ...toast, id: ++lastToast }].slice(-maxToasts) }))
  }
  /** Shows or updates an ongoing toast. */
  function putOngoing(id: number, sentence: string, actions: readonly ToastAction[]) {
    const toast: Toast = { id, isProblem: false, sentence, actions, arrivedCount: 0, isOngoing: true }
    set(({ toasts }) => ({
      toasts: toasts.some((one) => one.id === id)
        ? toasts.map((one) => (one.id === id ? toast : one))
        : [...toasts, toast].slice(-maxToasts),
    }))
  }

  client.on('links.offered', ({ text, files, problems }) => {
    for (const problem of problems) get().showError(problem)
    if (text !== '' || files.length > 0) get().openAddLinks({ text, files })
  })

  return {
    dialog: null,
    waiting: null,
    menu: null,
    toasts: [],
    renaming: null,
    isPathTyped: false,
    dragged: null,
    dropAt: null,
    open: (dialog) => set({ dialog, menu: null }),
    close: () => set({ dialog: null }),
    openMenu: (menu) => set({ menu }),
    openAddLinks: (input, folder) => {
      const { place, dialog, waiting } = get()
      const target = folder ?? place
      if (target === null) {
        set({ waiting: merge(waiting, input) })
        return
      }
      const { accountId, folderId } = target
      const shown = merge(dialog?.kind === 'add-links' ? dialog : null, input)
      set({ menu: null, dialog: { kind: 'add-links', ...shown, accountId, folderId } })
    },
    openWaiting: () => {
      const { waiting, openAddLinks } = get()
      if (waiting === null) return
      set({ waiting: null })
      openAddLinks(waiting)
    },
    toast: (sentence, actions = []) =>
      addToast({ isProblem: false, sentence, actions, arrivedCount: 0, isOngoing: false }),
    showError: (sentence, actions = []) =>
      addToast({ isProblem: true, sentence, actions, arrivedCount: 0, isOngoing: false }),
    dismissToast: (id) => set((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
    tellArrived: (accountId, { name, itemId, folderId }) => {
      const arrivedCount = 1 + get().toasts.reduce((sum, toast) => sum + toast.arrivedCount, 0)
      if (arrivedCount > maxArrivedAlone) {
        set((state) => ({ toasts: state.toasts.filter((toast) => toast.arrivedCount === 0) }))
        addToast({
          isProblem: false,
          sentence: say('transfers.arrivedCount', { count: arrivedCount }),
          actions: [],
          arrivedCount,
          isOngoing: false,
        })
        return
      }
      const actions: ToastAction[] = []
      if (folderId !== null) {
        actions.push({ label: say('action.show'), run: () => get().goTo(accountId, folderId, itemId ?? undefined) })
      }
      if (itemId !== null && /\.(mp4|mkv|avi|mov|webm|m4v|mpe?g|wmv|mp3|flac|ogg|opus|m4a|wav|aac)$/i.test(name)) {
        actions.push({ label: say('action.play'), run: () => void get().play(accountId, itemId, name, null) })
      }
      addToast({
        isProblem: false,
        sentence: say('transfers.arrived', { name }),
        actions,
        arrivedCount: 1,
        isOngoing: false,
      })
    },
    follow: async (sentenceOf, action) => {
      const controller = new AbortController()
      const id = ++lastToast
      const startedAtMs = performance.now()
      const stop = { label: say('action.stop'), run: () => controller.abort() }
      try {
        return await action({
          signal: controller.signal,
          onProgress: (steps) => {
            if (performance.now() - startedAtMs > longAfterMs) putOngoing(id, sentenceOf(steps), [stop])
          },
        })
      } catch (error) {
        if (isCancelled(error)) get().toast(say('action.stopped'))
        throw error
      } finally {
        get().dismissToast(id)
      }
    },
    attempt: async (action) => {
      try {
        await action()
      } catch (error) {
        if (!isCancelled(error)) get().showError(sentenceOf(error))
      }
    },
    setRenaming: (renaming) => set({ renaming }),
    setPathTyped: (isPathTyped) => set({ isPathTyped }),
    setDragged: (dragged) => set({ dragged }),
    setDropAt: (dropAt) => {
      if (get().dropAt !== dropAt) set({ dropAt })
    },
  }
}

/** Merges new links and files with those that are already there; each file counts once. */
function merge(before: LinksAndFiles | null, { text = '', files: added = [] }: Partial<LinksAndFiles>): LinksAndFiles {
  const files = new Map([...(before?.files ?? []), ...added].map((file) => [file.link, file]))
  const texts = [before?.text ?? '', text].filter((part) => part !== '')
  return { text: texts.join('\n'), files: [...files.values()] }
}
