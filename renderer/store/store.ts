import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Client } from '../../shared/rpc.ts'
import { type AccountsSlice, accountsSlice } from './accounts.ts'
import { type AnalysisSlice, analysisSlice } from './analysis.ts'
import { type DraftsSlice, draftsSlice } from './drafts.ts'
import { type FeedsSlice, feedsSlice } from './feeds.ts'
import { type HistorySlice, historySlice } from './history.ts'
import { type ItemActionsSlice, itemActionsSlice } from './item-actions.ts'
import { type ItemsSlice, itemsSlice } from './items.ts'
import { type LookSlice, lookSlice } from './look.ts'
import { type NavigationSlice, navigationSlice } from './navigation.ts'
import { type PlayingSlice, playingSlice } from './playing.ts'
import { type RealFilesSlice, realFilesSlice } from './real-files.ts'
import { type SavesSlice, savesSlice } from './saves.ts'
import { type SendsSlice, sendsSlice } from './sends.ts'
import { type SettingsSlice, settingsSlice } from './settings.ts'
import { type SharingSlice, sharingSlice } from './sharing.ts'
import { type ThumbnailsSlice, thumbnailsSlice } from './thumbnails.ts'
import { type ToastsSlice, toastsSlice } from './toasts.ts'
import { type TransfersSlice, transfersSlice } from './transfers.ts'
import { type TrashSlice, trashSlice } from './trash.ts'
import { type TreeSlice, treeSlice } from './tree.ts'
import { type TrustSlice, trustSlice } from './trust.ts'
import { type UiSlice, uiSlice } from './ui.ts'
import { type UndoSlice, undoSlice } from './undo.ts'
import { type UnpackingSlice, unpackingSlice } from './unpacking.ts'

export type AppState = AccountsSlice &
  ItemsSlice &
  TreeSlice &
  TrustSlice &
  TrashSlice &
  FeedsSlice &
  NavigationSlice &
  ItemActionsSlice &
  UnpackingSlice &
  SharingSlice &
  PlayingSlice &
  TransfersSlice &
  SavesSlice &
  SendsSlice &
  RealFilesSlice &
  LookSlice &
  ThumbnailsSlice &
  HistorySlice &
  AnalysisSlice &
  SettingsSlice &
  UiSlice &
  ToastsSlice &
  DraftsSlice &
  UndoSlice & {
    /** Requests all pushed state. Call it after every slice has subscribed. */
    sync(): Promise<void>
  }

export type AppStore = StoreApi<AppState>

/** Creates one slice of the state, with access to all of it. */
export type Slice<T> = (
  client: Client,
) => (set: StoreApi<AppState>['setState'], get: StoreApi<AppState>['getState']) => T

/** Creates the window's state, which the backend's events keep up to date. */
export function createAppStore(client: Client): AppStore {
  return createStore<AppState>()((set, get) => ({
    ...accountsSlice(client)(set, get),
    ...itemsSlice(client)(set, get),
    ...treeSlice(client)(set, get),
    ...trustSlice(client)(set, get),
    ...trashSlice(client)(set, get),
    ...feedsSlice(client)(set, get),
    ...navigationSlice(client)(set, get),
    ...itemActionsSlice(client)(set, get),
    ...unpackingSlice(client)(set, get),
    ...sharingSlice(client)(set, get),
    ...playingSlice(client)(set, get),
    ...transfersSlice(client)(set, get),
    ...savesSlice(client)(set, get),
    ...sendsSlice(client)(set, get),
    ...realFilesSlice(client)(set, get),
    ...lookSlice(client)(set, get),
    ...thumbnailsSlice(client)(set, get),
    ...historySlice(client)(set, get),
    ...analysisSlice(client)(set, get),
    ...settingsSlice(client)(set, get),
    ...uiSlice(client)(set, get),
    ...toastsSlice(client)(set, get),
    ...undoSlice(client)(set, get),
    ...draftsSlice(client)(set, get),
    sync: async () => {
      await client.call('sync', {})
    },
  }))
}
