import {
  CheckCheck,
  Circle,
  CircleCheck,
  ClipboardPaste,
  Copy,
  ExternalLink,
  Eye,
  FileArchive,
  FolderDown,
  FolderOpen,
  FolderPlus,
  FolderSearch,
  FolderUp,
  Link,
  ListVideo,
  MonitorDown,
  MonitorPlay,
  PackageOpen,
  Pencil,
  Play,
  Redo2,
  RefreshCw,
  Scissors,
  Share2,
  Trash2,
  Undo2,
  Upload,
} from 'lucide-react'
import { useEffect } from 'react'
import { isMac, keysOf } from '../../parts/keys.ts'
import { type MenuAction, PointerMenu } from '../../parts/pointer-menu.tsx'
import { canBeShared, offerIn } from '../../store/offers.ts'
import { selectAll } from '../../store/selection.ts'
import { selectedRows, shownAccount } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { isShownInWindow } from '../../store/viewers.ts'
import { say } from '../../words/say.ts'
import { lookAtRow } from './look-at-row.ts'
import { isPlayable, openRow } from './open-row.ts'
import { playableFrom, playRows, selectedMedia } from './play-rows.ts'
import { useShown } from './use-shown.ts'

/** The context menu of the selected items, or of the folder if none is selected. */
export function ItemMenu({ x, y }: { x: number; y: number }) {
  const store = useAppStore()
  const shown = useShown()
  const players = useApp((state) => state.players)
  const state = store.getState()
  const { place } = state
  const rows = selectedRows(state)
  const account = shownAccount(state)
  const { isShown: hasTrash } = offerIn(account, 'hasTrash')
  const only = rows.length === 1 ? rows[0] : undefined

  useEffect(() => {
    const { attempt, loadPlayers } = store.getState()
    void attempt(async () => {
      await loadPlayers()
    })
  }, [store])

  if (place === null) return null
  const { accountId, folderId, query } = place

  const media = selectedMedia(store, shown)
  const playFolder = (playerId: string | null) =>
    only && void state.playAll({ accountId, itemIds: [], folderId: only.id, name: only.name, playerId })
  const openWith = (run: (playerId: string) => void): MenuAction => ({
    label: say('action.openWith'),
    icon: MonitorPlay,
    actions:
      players !== null && players.length === 0
        ? [{ label: say('action.openWith.none'), disabledBecause: say('settings.player.none') }]
        : (players ?? []).map((player) => ({ label: player.name, run: () => run(player.id) })),
  })
  const isUntouched = (id: number) => {
    const playback = state.playbacks.get(accountId)?.get(id)
    return playback === undefined || (!playback.isWatched && playback.progress === 0)
  }

  const upload = (into: number, keys: string): MenuAction[] => {
    const { disabledBecause } = offerIn(account, 'canUpload')
    return [
      {
        label: say('action.upload'),
        icon: Upload,
        keys,
        disabledBecause,
        run: () => void state.chooseToSend(accountId, into, 'files'),
      },
      {
        label: say('action.uploadFolder'),
        icon: FolderUp,
        disabledBecause,
        run: () => void state.chooseToSend(accountId, into, 'folders'),
      },
    ]
  }

  const opening: MenuAction[] = []
  if (only?.kind === 'folder') {
    opening.push({ label: say('action.open'), icon: FolderOpen, keys: 'Enter', run: () => openRow(store, only) })
    opening.push({
      label: say('action.addLinksHere'),
      icon: Link,
      run: () => state.openAddLinks({}, { accountId, folderId: only.id }),
    })
    opening.push(...upload(only.id, ''))
    opening.push({ label: say('action.playFolder'), icon: Play, run: () => playFolder(null) })
    opening.push(openWith(playFolder))
  } else if (only && isPlayable(only)) {
    opening.push({ label: say('action.play'), icon: Play, keys: 'Enter', run: () => openRow(store, only) })
    const rest = playableFrom(shown, shown.placeOf(only.id))
    if (rest.length > 1) {
      opening.push({ label: say('action.playFromHere'), icon: ListVideo, run: () => playRows(store, rest) })
    }
    opening.push(openWith((playerId) => void state.play(accountId, only.id, only.name, playerId)))
    opening.push({
      label: say('action.copyStreamLink'),
      icon: Link,
      run: () => void state.copyStreamLink(accountId, only.id, only.name),
    })
  } else if (media.length > 0) {
    opening.push({
      label: say('action.playAll', { count: media.length }),
      icon: Play,
      keys: media.length > 1 ? 'Enter' : '',
      run: () => playRows(store, media),
    })
    opening.push(openWith((playerId) => playRows(store, media, playerId)))
  }
  if (only && only.kind !== 'folder' && !isPlayable(only)) {
    opening.push({
      label: say('action.openInProgram'),
      icon: ExternalLink,
      keys: isShownInWindow(only) ? '' : 'Enter',
      run: () => void state.openItem(accountId, only),
    })
  }
  if (only && isArchive(only) && offerIn(account, 'canExtract').isShown) {
    opening.push({
      label: say('action.unpack'),
      icon: PackageOpen,
      run: () => void state.unpack(accountId, only),
    })
  }
  if (rows.length > 0) {
    opening.push({ label: say('action.look'), icon: Eye, keys: say('key.space'), run: () => lookAtRow(store, shown) })
  }
  if (only && query !== null) {
    opening.push({
      label: say('action.show'),
      icon: FolderSearch,
      run: () => state.goTo(accountId, only.parentId, only.id),
    })
  }

  const saving: MenuAction[] =
    rows.length === 0
      ? []
      : [
          {
            label: say('action.save'),
            icon: MonitorDown,
            keys: keysOf('Ctrl', 'S'),
            run: () => void state.saveItems(accountId, idsOf(rows), 'last'),
          },
          {
            label: say('action.saveAs'),
            icon: FolderDown,
            keys: keysOf('Ctrl', 'Shift', 'S'),
            run: () => void state.saveItems(accountId, idsOf(rows), 'ask'),
          },
          {
            label: say('action.saveAsZip'),
            icon: FileArchive,
            run: () => void state.saveItems(accountId, idsOf(rows), 'ask', true),
          },
        ]

  if (only && canBeShared(account)) {
    saving.push({
      label: say('action.share'),
      icon: Share2,
      run: () => state.open({ kind: 'share', accountId, item: { id: only.id, name: only.name } }),
    })
  }

  const watched = media.filter(({ id }) => state.playbacks.get(accountId)?.get(id)?.isWatched)
  const marking: MenuAction[] = []
  if (media.length > watched.length) {
    marking.push({
      label: say('action.markWatched'),
      icon: CircleCheck,
      run: () => void state.markWatched(accountId, idsOf(media), true),
    })
  }
  if (media.some(({ id }) => !isUntouched(id))) {
    marking.push({
      label: say('action.markNotWatched'),
      icon: Circle,
      run: () => void state.markWatched(accountId, idsOf(media), false),
    })
  }

  const changing: MenuAction[] = []
  if (only) {
    changing.push({
      label: say('action.rename'),
      icon: Pencil,
      keys: keysOf('F2'),
      run: () => state.setRenaming({ id: only.id, problem: null }),
    })
  }
  if (rows.length > 0) {
    changing.push({
      label: say('action.cut'),
      icon: Scissors,
      keys: keysOf('Ctrl', 'X'),
      run: () => state.cutItems({ accountId, items: rows.map(({ id, parentId }) => ({ id, parentId })) }),
    })
    changing.push({
      label: say('action.copy'),
      icon: Copy,
      keys: keysOf('Ctrl', 'C'),
      run: () => state.copyRows(accountId, rows),
    })
  }
  if (state.clipboard !== null && (only?.kind === 'folder' || (rows.length === 0 && query === null))) {
    changing.push({
      label: say('action.paste'),
      icon: ClipboardPaste,
      keys: only ? '' : keysOf('Ctrl', 'V'),
      disabledBecause: state.clipboard.copied === null ? null : offerIn(account, 'canCopy').disabledBecause,
      run: () => void state.pasteInto(accountId, only?.id ?? folderId),
    })
  }

  const here: MenuAction[] = []
  if (rows.length === 0) {
    if (query === null) {
      here.push({
        label: say('action.newFolder'),
        icon: FolderPlus,
        keys: keysOf('Ctrl', 'Shift', 'N'),
        run: () => void state.createFolder(accountId, folderId),
      })
      here.push({
        label: say('action.addLinksHere'),
        icon: Link,
        keys: keysOf('Ctrl', 'U'),
        run: () => state.openAddLinks({}),
      })
      here.push(...upload(folderId, keysOf('Ctrl', 'Shift', 'U')))
    }
    here.push({
      label: say('action.selectAll'),
      icon: CheckCheck,
      keys: keysOf('Ctrl', 'A'),
      run: () => state.setSelection(selectAll(state.selection, shown)),
    })
    here.push({ label: say('action.refresh'), icon: RefreshCw, keys: 'F5', run: state.refresh })
  }

  const [undoable, redoable] = [state.done.at(-1), state.undone.at(-1)]
  const undoing: MenuAction[] = []
  if (rows.length === 0 && undoable !== undefined) {
    const isFinal = undoable.undo === null
    undoing.push({
      label: say('undo.what', { what: undoable.sentence }),
      icon: Undo2,
      keys: keysOf('Ctrl', 'Z'),
      disabledBecause: isFinal ? say('undo.impossible', { what: undoable.sentence }) : null,
      run: () => void state.undo(),
    })
  }
  if (rows.length === 0 && redoable !== undefined) {
    undoing.push({
      label: say('redo.what', { what: redoable.sentence }),
      icon: Redo2,
      keys: keysOf('Ctrl', 'Shift', 'Z'),
      run: () => void state.redo(),
    })
  }

  const deleting: MenuAction[] =
    rows.length === 0
      ? []
      : [
          {
            label: say(hasTrash ? 'action.deleteToTrash' : 'action.delete'),
            icon: Trash2,
            keys: keysOf('Delete'),
            run: () => void state.deleteItems(accountId, rows),
          },
          {
            label: say('action.deleteForGood'),
            keys: keysOf(isMac ? 'Alt' : 'Shift', 'Delete'),
            isDanger: true,
            run: () => state.open({ kind: 'delete-for-good', accountId, rows }),
          },
        ]

  return (
    <PointerMenu
      x={x}
      y={y}
      groups={[opening, marking, saving, changing, undoing, here, deleting]}
      onClose={() => state.openMenu(null)}
    />
  )
}

/** True for an archive or its first part, as far as the name tells. */
function isArchive({ kind, name }: { kind: string; name: string }): boolean {
  return kind === 'archive' || /\.0*1$/.test(name)
}

function idsOf(rows: readonly { id: number }[]): number[] {
  return rows.map(({ id }) => id)
}
