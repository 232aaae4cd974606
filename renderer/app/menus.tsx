import { lazy, Suspense } from 'react'
import { useApp } from '../store/use-app.ts'

const ItemMenu = lazy(async () => ({ default: (await import('../features/browser/item-menu.tsx')).ItemMenu }))
const TrashMenu = lazy(async () => ({ default: (await import('../features/trash/trash-menu.tsx')).TrashMenu }))
const AccountMenu = lazy(async () => ({ default: (await import('../features/sidebar/account-menu.tsx')).AccountMenu }))
const SaveMenu = lazy(async () => ({ default: (await import('../features/saving/save-menu.tsx')).SaveMenu }))
const SendMenu = lazy(async () => ({ default: (await import('../features/saving/send-menu.tsx')).SendMenu }))

/** The open menu. */
export function Menus() {
  const menu = useApp((state) => state.menu)
  if (menu === null) return null
  return (
    <Suspense fallback={null}>
      {menu.kind === 'items' ? <ItemMenu x={menu.x} y={menu.y} /> : null}
      {menu.kind === 'trash' ? <TrashMenu x={menu.x} y={menu.y} /> : null}
      {menu.kind === 'saves' ? <SaveMenu {...menu} /> : null}
      {menu.kind === 'sends' ? <SendMenu {...menu} /> : null}
      {menu.kind === 'account' ? <AccountMenu {...menu} /> : null}
    </Suspense>
  )
}
