import { AppError } from '../../../../shared/errors.ts'
import type { ItemId } from '../../../../shared/item.ts'
import { maxPeople, type PublicLink } from '../../../../shared/sharing.ts'
import type { PutioClient } from '../client.ts'
import { readRows } from '../lenient.ts'
import type { Calls } from './calls.ts'
import { inScope, unlessOutOfScope } from './in-scope.ts'
import {
  WireDone,
  WireFriend,
  WireFriends,
  WireOnePublicShare,
  WirePublicShare,
  WirePublicShares,
  WireShare,
  WireSharedWith,
} from './wire.ts'

type SharingCalls = Pick<PutioClient, 'access' | 'share' | 'makePublicLink' | 'removePublicLink'>

/** What the calls on sharing depend on. */
interface SharingParts extends Pick<Calls, 'ask' | 'note'> {
  /** True for Putdesk's own service, which tells where the page of a public link is. */
  isOwn(): boolean
  /** Called when the sign-in turns out not to allow sharing. */
  onOutOfScope(): void
}

/** Sharing with users of the service, and public links. Source: API v2 §13. */
export function sharingCalls({ ask, note, isOwn, onOutOfScope }: SharingParts): SharingCalls {
  const allowed = <T>(asked: Promise<T>) => inScope(asked, onOutOfScope)
  const sharedWith = async (itemId: ItemId) => {
    const call = { verb: 'GET', path: `/v2/files/${itemId}/shared-with-v2` } as const
    const { share_type: type, shares } = await allowed(ask(call, WireSharedWith))
    const { read, unread } = readRows(shares, WireShare)
    await note('files/shared-with-v2', unread, null)
    const people = read.flatMap((row) => (row === null ? [] : [{ id: row.share_id, name: row.user_name }]))
    return { isEveryone: type === 'everyone', people }
  }
  const friends = async (): Promise<string[]> => {
    // A sign-in may be allowed to share, and not to see whom with.
    const asked = ask({ verb: 'GET', path: '/v2/friends/list' }, WireFriends)
    const answer = await unlessOutOfScope(asked, { friends: [] })
    const { read, unread } = readRows(answer.friends, WireFriend)
    await note('friends/list', unread, null)
    return read.flatMap((row) => (row === null || row.name === '' ? [] : row.name))
  }
  const linkTo = async (itemId: ItemId): Promise<PublicLink | null> => {
    if (!isOwn()) return null
    const { public_shares: rows } = await ask({ verb: 'GET', path: '/v2/public_share/list' }, WirePublicShares)
    const { read, unread } = readRows(rows, WirePublicShare)
    await note('public_share/list', unread, null)
    const found = read.find((row) => row?.user_file?.id === itemId)
    return found == null ? null : toLink(found)
  }
  const unshare = async (itemId: ItemId, shares: string) => {
    const call = { verb: 'POST', path: `/v2/files/${itemId}/unshare`, form: { shares }, isRepeatable: true } as const
    await allowed(ask(call, WireDone))
  }
  const shareWith = async (itemId: ItemId, names: string) => {
    const form = { file_ids: itemId, friends: names }
    await allowed(ask({ verb: 'POST', path: '/v2/files/share', form }, WireDone))
  }
  return {
    async access(itemId) {
      const { isEveryone, people } = await sharedWith(itemId)
      const [names, link] = await Promise.all([friends(), linkTo(itemId)])
      const shown = people.slice(0, maxPeople).map(({ name }) => name)
      return { audience: { isEveryone, people: shown }, friends: names, link }
    },
    async share(itemId, { isEveryone, people }) {
      const now = await sharedWith(itemId)
      if (isEveryone) {
        if (!now.isEveryone) await shareWith(itemId, 'everyone')
        return
      }
      // Those who were not shown stay.
      const leaving = now.people.slice(0, maxPeople).filter(({ name }) => !people.includes(name))
      const coming = people.filter((name) => now.isEveryone || !now.people.some((one) => one.name === name))
      if (now.isEveryone) await unshare(itemId, 'everyone')
      if (leaving.length > 0) await unshare(itemId, leaving.map(({ id }) => id).join(','))
      if (coming.length > 0) await shareWith(itemId, coming.join(','))
    },
    async makePublicLink(itemId) {
      // One that cannot be shown would be open without the person knowing.
      if (!isOwn()) throw new AppError('refused', 'The page of a public link of this service is not known.')
      const call = { verb: 'POST', path: `/v2/public_share/${itemId}` } as const
      const { public_share: made } = await ask(call, WireOnePublicShare)
      const link = toLink(made)
      if (link === null) throw new AppError('refused', 'The service did not tell where the page of this link is.')
      return link
    },
    async removePublicLink(linkId) {
      try {
        await ask({ verb: 'DELETE', path: `/v2/public_share/${linkId}` }, WireDone)
      } catch (error) {
        // It has ended already.
        if (!(error instanceof AppError) || error.code !== 'not-found') throw error
      }
    },
  }
}

/** Null for a service that does not tell where the page is. Source: API v2 §21, U19. */
function toLink({ id, expiration_date: expires, putdesk }: WirePublicShare): PublicLink | null {
  const page = putdesk?.page ?? null
  return page === null || URL.parse(page)?.protocol.startsWith('http') !== true
    ? null
    : { id, page, expiresAtMs: expires }
}
