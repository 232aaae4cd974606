import type { Account } from '../../shared/account.ts'
import type { Capabilities } from '../../shared/capabilities.ts'
import { type MessageId, say } from '../words/say.ts'
import type { AppState } from './store.ts'

type Capability = keyof Capabilities

/** What becomes of what needs a capability where an account lacks it: it is hidden, or disabled with this sentence. */
const withoutIt: Record<Capability, 'hidden' | MessageId> = {
  hasTrash: 'hidden',
  canCopy: 'lacks.copy',
  canUpload: 'sends.cannot',
  canExtract: 'hidden',
  canApprove: 'hidden',
  hasFeeds: 'hidden',
  canPreviewFeeds: 'hidden',
  hasAccountSettings: 'hidden',
  canShare: 'hidden',
  canLinkPublicly: 'hidden',
  canRetryInPlace: 'hidden',
  canReannounce: 'hidden',
  // What is added is checked by the service, and what the others change is not asked for.
  canTakeTorrentFiles: 'hidden',
  arrivesWhileSeeding: 'hidden',
  keepsPositions: 'hidden',
  hasSubtitles: 'hidden',
  hasPush: 'hidden',
}

/** How something is offered: not at all, disabled for a reason, or as it is. */
interface Offer {
  isShown: boolean
  /** Why it is disabled, in a sentence; null if it is not. */
  disabledBecause: string | null
}

/** How something that needs a capability is offered in an account. The only place that decides this. */
export function offerIn(account: Pick<Account, 'name' | 'capabilities'> | null, capability: Capability): Offer {
  if (account?.capabilities[capability] === true) return { isShown: true, disabledBecause: null }
  const lack = withoutIt[capability]
  if (account === null || lack === 'hidden') return { isShown: false, disabledBecause: null }
  return { isShown: true, disabledBecause: say(lack, { name: account.name }) }
}

/** True if an account can let others read an item, in one way or another. */
export function canBeShared(account: Pick<Account, 'name' | 'capabilities'> | null): boolean {
  return offerIn(account, 'canShare').isShown || offerIn(account, 'canLinkPublicly').isShown
}

/** The same, for the account with this id. */
export function offerTo({ accounts }: Pick<AppState, 'accounts'>, accountId: string, capability: Capability): Offer {
  return offerIn(accounts?.find(({ id }) => id === accountId) ?? null, capability)
}
