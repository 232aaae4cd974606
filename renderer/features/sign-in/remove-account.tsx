import { Confirm } from '../../parts/confirm.tsx'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'

/** Asks for confirmation before removing an account and its secret. */
export function RemoveAccount({ accountId }: { accountId: string }) {
  const { close, removeAccount, attempt } = useAppStore().getState()
  const account = useApp((state) => state.accounts?.find(({ id }) => id === accountId))
  if (account === undefined) return null
  const name = account.kind === 'this-computer' ? say('sidebar.thisComputer') : account.name
  return (
    <Confirm
      title={say('remove.title', { name })}
      body={say('remove.body')}
      action={say('remove.do')}
      keep={say('remove.keep')}
      onAction={() => void attempt(() => removeAccount(accountId))}
      onClose={close}
    />
  )
}
