import { Confirm } from '../../parts/confirm.tsx'
import { hostOf } from '../../store/trust.ts'
import type { DialogState } from '../../store/ui.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'

/** Asks before the token of an account goes to a host that is not its own server. */
export function TrustHost({ given }: { given: Extract<DialogState, { kind: 'trust-host' }> }) {
  const { open, close, trustHost } = useAppStore().getState()
  const { accountId, origin, back } = given
  const account = useApp((state) => state.accounts?.find(({ id }) => id === accountId))
  if (account === undefined) return null
  const host = hostOf(origin)
  const server = account.address === null ? null : new URL(account.address)
  const isWeaker = server?.protocol === 'https:' && !origin.startsWith('https:')
  const body =
    host === server?.host
      ? [say('trust.bodyPlain', { account: account.name })]
      : [say('trust.body', { account: account.name }), ...(isWeaker ? [say('trust.notEncrypted')] : [])]
  return (
    <Confirm
      title={say('trust.title', { host })}
      body={[...body, say('trust.only')].join(' ')}
      action={say('trust.do')}
      keep={say('trust.keep')}
      onAction={() => void trustHost(accountId, origin)}
      // The backend has been told by then: requests stay in order.
      onClose={() => (back === null ? close() : open(back))}
    />
  )
}
