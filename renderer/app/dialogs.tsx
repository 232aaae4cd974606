import { lazy, Suspense } from 'react'
import type { DialogState } from '../store/ui.ts'
import { useApp } from '../store/use-app.ts'

const AddLinks = lazy(async () => ({ default: (await import('../features/links/add-links.tsx')).AddLinks }))
const SignIn = lazy(async () => ({ default: (await import('../features/sign-in/sign-in-dialog.tsx')).SignInDialog }))
const RemoveAccount = lazy(async () => ({
  default: (await import('../features/sign-in/remove-account.tsx')).RemoveAccount,
}))
const DevicesDialog = lazy(async () => ({
  default: (await import('../features/sign-in/devices-dialog.tsx')).DevicesDialog,
}))
const AccountSettingsDialog = lazy(async () => ({
  default: (await import('../features/sidebar/account-settings.tsx')).AccountSettingsDialog,
}))
const ShareDialog = lazy(async () => ({ default: (await import('../features/sharing/share-dialog.tsx')).ShareDialog }))
const TrustHost = lazy(async () => ({ default: (await import('../features/sign-in/trust-host.tsx')).TrustHost }))
const DeleteItems = lazy(async () => ({ default: (await import('../features/browser/delete-items.tsx')).DeleteItems }))
const DeleteTrashed = lazy(async () => ({
  default: (await import('../features/trash/delete-trashed.tsx')).DeleteTrashed,
}))
const FeedDialog = lazy(async () => ({ default: (await import('../features/feeds/feed-dialog.tsx')).FeedDialog }))
const SettingsDialog = lazy(async () => ({
  default: (await import('../features/settings/settings-dialog.tsx')).SettingsDialog,
}))
const ShortcutList = lazy(async () => ({
  default: (await import('../features/settings/shortcut-list.tsx')).ShortcutList,
}))
const HistoryDialog = lazy(async () => ({
  default: (await import('../features/transfers/history-dialog.tsx')).HistoryDialog,
}))

const ArchivePassword = lazy(async () => ({
  default: (await import('../features/transfers/archive-password.tsx')).ArchivePassword,
}))

const UnpackPassword = lazy(async () => ({
  default: (await import('../features/transfers/unpack-password.tsx')).UnpackPassword,
}))

const SaveConflict = lazy(async () => ({
  default: (await import('../features/saving/name-conflict.tsx')).SaveConflict,
}))
const SendConflict = lazy(async () => ({
  default: (await import('../features/saving/name-conflict.tsx')).SendConflict,
}))

const QuickLook = lazy(async () => ({ default: (await import('../features/look/quick-look.tsx')).QuickLook }))
const ContinuePlaying = lazy(async () => ({
  default: (await import('../features/browser/continue-playing.tsx')).ContinuePlaying,
}))

/** The open dialog. Each is loaded on first use. */
export function Dialogs() {
  const dialog = useApp((state) => state.dialog)
  return <Suspense fallback={null}>{dialog === null ? null : <Open dialog={dialog} />}</Suspense>
}

function Open({ dialog }: { dialog: DialogState }) {
  switch (dialog.kind) {
    case 'add-links':
      return <AddLinks given={dialog} />
    case 'sign-in':
      return <SignIn given={dialog} />
    case 'remove-account':
      return <RemoveAccount accountId={dialog.accountId} />
    case 'devices':
      return <DevicesDialog accountId={dialog.accountId} />
    case 'account-settings':
      return <AccountSettingsDialog accountId={dialog.accountId} />
    case 'share':
      return <ShareDialog accountId={dialog.accountId} item={dialog.item} />
    case 'trust-host':
      return <TrustHost given={dialog} />
    case 'delete-trashed':
      return <DeleteTrashed {...dialog} />
    case 'delete-for-good':
      return <DeleteItems accountId={dialog.accountId} rows={dialog.rows} />
    case 'feed':
      return <FeedDialog accountId={dialog.accountId} feed={dialog.feed} />
    case 'settings':
      return <SettingsDialog />
    case 'shortcuts':
      return <ShortcutList />
    case 'archive-password':
      return <ArchivePassword accountId={dialog.accountId} transferId={dialog.transferId} />
    case 'unpack-password':
      return <UnpackPassword {...dialog} />
    case 'save-conflict':
      return <SaveConflict given={dialog} />
    case 'send-conflict':
      return <SendConflict given={dialog} />
    case 'look':
      return <QuickLook given={dialog} />
    case 'continue':
      return <ContinuePlaying given={dialog} />
    case 'history':
      return <HistoryDialog accountId={dialog.accountId} />
    default: {
      const never: never = dialog
      return never
    }
  }
}
