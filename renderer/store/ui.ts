import type { AccountId } from '../../shared/account.ts'
import type { Feed } from '../../shared/feed.ts'
import type { ItemId } from '../../shared/item.ts'
import type { Playback } from '../../shared/playback.ts'
import type { SaveId, TakenName } from '../../shared/save.ts'
import type { SendId } from '../../shared/send.ts'
import type { TransferId } from '../../shared/transfer.ts'
import type { LinksAndFiles } from './analysis.ts'
import type { DraggedItems } from './item-actions.ts'
import type { Row } from './listing.ts'
import type { ToPlay } from './playing.ts'
import type { Shareable } from './sharing.ts'
import type { Slice } from './store.ts'

export type DialogState =
  | ({ kind: 'add-links'; accountId: AccountId; folderId: ItemId } & LinksAndFiles)
  /** Adds an account, or signs in to one again. `door` is where an account comes from; null asks. */
  | { kind: 'sign-in'; accountId: AccountId | null; door: 'putio' | 'server' | null }
  | { kind: 'remove-account'; accountId: AccountId }
  | { kind: 'devices'; accountId: AccountId }
  | { kind: 'account-settings'; accountId: AccountId }
  | { kind: 'share'; accountId: AccountId; item: Shareable }
  | { kind: 'delete-for-good'; accountId: AccountId; rows: readonly Row[] }
  | { kind: 'delete-trashed'; accountId: AccountId; rows: readonly Row[]; isAll: boolean }
  /** Adds a feed, or changes one. */
  | { kind: 'feed'; accountId: AccountId; feed: Feed | null }
  | { kind: 'settings' }
  | { kind: 'history'; accountId: AccountId }
  | { kind: 'archive-password'; accountId: AccountId; transferId: TransferId }
  /** Asks for the password of an archive in the space. `isWrong`: the last one did not open it. */
  | { kind: 'unpack-password'; accountId: AccountId; row: Row; isWrong: boolean }
  | {
      kind: 'save-conflict'
      accountId: AccountId
      itemIds: readonly ItemId[]
      folder: string
      taken: readonly TakenName[]
      isZip: boolean
    }
  | {
      kind: 'send-conflict'
      accountId: AccountId
      folderId: ItemId
      paths: readonly string[]
      taken: readonly TakenName[]
    }
  /** Quick look at one of some items. */
  | { kind: 'look'; accountId: AccountId; ids: readonly ItemId[]; at: number }
  | { kind: 'continue'; what: ToPlay; playback: Playback; positionSeconds: number | null }
  /** `back` is the dialog from which this was asked. */
  | { kind: 'trust-host'; accountId: AccountId; origin: string; back: DialogState | null }
  | { kind: 'shortcuts' }

type MenuState =
  | { kind: 'items' | 'trash'; x: number; y: number }
  | { kind: 'account'; x: number; y: number; accountId: AccountId }
  | { kind: 'saves'; x: number; y: number; saveIds: readonly SaveId[] }
  | { kind: 'sends'; x: number; y: number; sendIds: readonly SendId[] }

/** How many of the files that are dragged may have links, and how many others there are. A folder counts as unknown. */
export interface Dropping {
  links: number
  files: number
  unknown: number
}

export interface UiSlice {
  dialog: DialogState | null
  /** Links that were added before the first account. */
  waiting: LinksAndFiles | null
  menu: MenuState | null
  /** The item that is being renamed, and the problem with the new name. */
  renaming: { id: ItemId; problem: string | null } | null
  isPathTyped: boolean
  /** The dragged items, so that a drop target can tell whether it accepts them. */
  dragged: DraggedItems | null
  /** The current drop target: a folder's key, `window` for the whole window, or null. */
  dropAt: string | null
  /** What is dragged over the window from elsewhere, as far as it is known before it is dropped. */
  dropping: Dropping
  open(dialog: DialogState): void
  close(): void
  openMenu(menu: MenuState | null): void
  /** Opens Add links with what waited for an account. */
  openWaiting(): void
  setRenaming(renaming: UiSlice['renaming']): void
  setPathTyped(isPathTyped: boolean): void
  setDragged(dragged: UiSlice['dragged']): void
  setDropAt(dropAt: string | null): void
  setDropping(dropping: Dropping): void
}

/** The state of the user interface: dialogs, menus, dragging, renaming. */
export const uiSlice: Slice<UiSlice> = (client) => (set, get) => {
  client.on('links.offered', ({ text, files, problems }) => {
    if (problems.length > 0) get().showError(problems.join(' '))
    if (text !== '' || files.length > 0) get().openAddLinks({ text, files })
  })

  return {
    dialog: null,
    waiting: null,
    menu: null,
    renaming: null,
    isPathTyped: false,
    dragged: null,
    dropAt: null,
    dropping: { links: 0, files: 0, unknown: 0 },
    open: (dialog) => set({ dialog, menu: null }),
    close: () => set({ dialog: null }),
    openMenu: (menu) => set({ menu }),
    openWaiting: () => {
      const { waiting, openAddLinks } = get()
      if (waiting === null) return
      set({ waiting: null })
      openAddLinks(waiting)
    },
    setRenaming: (renaming) => set({ renaming }),
    setPathTyped: (isPathTyped) => set({ isPathTyped }),
    setDragged: (dragged) => set({ dragged }),
    setDropping: (dropping) => {
      const { links, files, unknown } = get().dropping
      if (links !== dropping.links || files !== dropping.files || unknown !== dropping.unknown) set({ dropping })
    },
    setDropAt: (dropAt) => {
      if (get().dropAt !== dropAt) set({ dropAt })
    },
  }
}
