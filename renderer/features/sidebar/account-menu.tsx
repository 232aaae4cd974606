import { Keyboard, KeyRound, LogOut, MonitorSmartphone, Plus, SlidersHorizontal } from 'lucide-react'
import { keysOf } from '../../parts/keys.ts'
import { PointerMenu } from '../../parts/pointer-menu.tsx'
import { offerIn } from '../../store/offers.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'

interface Props {
  x: number
  y: number
  accountId: string
}

/** The context menu of an account. */
export function AccountMenu({ x, y, accountId }: Props) {
  const { open, openMenu } = useAppStore().getState()
  const account = useApp((state) => state.accounts?.find(({ id }) => id === accountId))
  if (account === undefined) return null
  return (
    <PointerMenu
      x={x}
      y={y}
      groups={[
        account.kind === 'server'
          ? [
              {
                label: say('action.signInAgain'),
                icon: KeyRound,
                run: () => open({ kind: 'sign-in', accountId, door: null }),
              },
            ]
          : [],
        offerIn(account, 'hasAccountSettings').isShown
          ? [
              {
                label: say('action.accountSettings'),
                icon: SlidersHorizontal,
                run: () => open({ kind: 'account-settings', accountId }),
              },
            ]
          : [],
        offerIn(account, 'canApprove').isShown
          ? [
              {
                label: say('action.letDevice'),
                icon: MonitorSmartphone,
                run: () => open({ kind: 'devices', accountId }),
              },
            ]
          : [],
        [
          {
            label: say('action.addAccount'),
            icon: Plus,
            run: () => open({ kind: 'sign-in', accountId: null, door: null }),
          },
        ],
        [
          {
            label: say('action.shortcuts'),
            icon: Keyboard,
            keys: keysOf('Ctrl', '?'),
            run: () => open({ kind: 'shortcuts' }),
          },
        ],
        [
          {
            label: say('action.removeAccount'),
            icon: LogOut,
            isDanger: true,
            run: () => open({ kind: 'remove-account', accountId }),
          },
        ],
      ]}
      onClose={() => openMenu(null)}
    />
  )
}
