import type { Core } from '../../core/core.ts'
import { reasonOf } from '../../core/errors/reason.ts'
import { Refusal } from '../../core/errors/refusal.ts'
import type { SharedItem } from '../../core/space/friends.ts'
import { ApiError } from './error.ts'
import { copy } from './file-changes.ts'
import { fileWire, ownerOf } from './file-wire.ts'
import { idInPath } from './files.ts'
import { type Call, type Route, route } from './method.ts'
import { checkOwn, selectionOf } from './selection.ts'

/** How many items are shared at once. */
const maxItems = 100
/** How many finished copies are remembered for each user. */
const maxClones = 100

/** What users of the service share with each other. Source: API v2 §13. */
export const sharing: Route[] = [
  route('POST', '/v2/files/share', (call) => {
    const { core } = call
    const ids = selectionOf(call)
    if (ids.length > maxItems) throw new ApiError(400, 'BadRequest', `At most ${maxItems} items can be shared at once.`)
    for (const id of ids) checkOwn(core, id)
    core.friends.share(ids, friendIds(call))
    return {}
  }),
  route('GET', '/v2/files/shared', (call) => {
    const { core } = call
    const owner = ownerOf(core, { ownerId: core.account.userId })
    return {
      shared: core.friends.sharedItems().map((shared) => ({
        ...fileWire(call, core.space.details.get(shared.item.id), owner),
        shared_with: isForAll(shared) ? 'everyone' : (shared.shares ?? []).length,
      })),
    }
  }),
  route('GET', '/v2/files/:id/shared-with-v2', (call) => {
    const { core } = call
    const id = idInPath(call)
    checkOwn(core, id)
    // The root cannot be shared.
    const shared = id === 0 ? null : core.friends.sharesOf(id)
    if (shared !== null && isForAll(shared)) return { share_type: 'everyone' }
    const names = new Map(core.friends.others().map((one) => [one.id, one.name]))
    return {
      share_type: 'friends',
      shares: (shared?.shares ?? []).map(({ id: share_id, friendId }) => ({
        share_id,
        user_name: names.get(friendId ?? 0) ?? '',
        user_avatar_url: avatarOf(call),
      })),
    }
  }),
  route('POST', '/v2/files/:id/unshare', (call) => {
    const { core, params } = call
    const id = idInPath(call)
    checkOwn(core, id)
    core.friends.unshare(id, params.text('shares') === 'everyone' ? null : (params.ids('shares') ?? missing('shares')))
    return {}
  }),

  // Nothing is copied byte by byte, so that each copy is done at once.
  route('POST', '/v2/sharing/clone', async (call) => {
    const parentId = call.params.number('parent_id') ?? 0
    const ids = selectionOf(call)
    checkOwn(call.core, parentId)
    for (const id of ids) call.core.friends.read(id)
    return { id: remember(call.core, await cloneAll(call, ids, parentId)) }
  }),
  route('GET', '/v2/sharing/clone/:id', (call) => {
    const clone = clones.get(call.core)?.get(idInPath(call))
    if (clone === undefined) throw new ApiError(404, 'NotFound', 'There is no such copy.')
    return clone
  }),

  route('GET', '/v2/friends/list', (call) => {
    const { friends: known } = call.core
    const friends = known.others().map(({ id, name }) => {
      const { hasReceived, hasShared } = known.exchange(id)
      return { id, name, avatar_url: avatarOf(call), has_received_files: hasReceived, has_shared_files: hasShared }
    })
    return { friends, total: friends.length }
  }),
  // The users of a service are friends because they are its users: there is nothing to ask for.
  ...['/v2/friends/waiting-requests', '/v2/friends/sent-requests'].map((path) =>
    route('GET', path, () => ({ friends: [], total: 0 })),
  ),
  route('GET', '/v2/friends/waiting-requests-count', () => ({ count: 0 })),
  route('GET', '/v2/friends/user-search/:name', (call) => {
    const wanted = (call.path.name ?? '').toLowerCase()
    const found = call.core.friends.others().filter(({ name }) => name.toLowerCase().includes(wanted))
    return { users: found.map(({ id, name }) => ({ id, name, avatar_url: avatarOf(call), invited: false })) }
  }),
  route('GET', '/v2/friends/:name/files', (call) => {
    const { core } = call
    const sharer = core.friends.sharer(friendId(call, call.path.name ?? ''))
    const folderId = sharer?.folderId ?? null
    if (sharer === null || folderId === null) return { file: null }
    const { space, ownerId } = core.friends.read(folderId)
    return { file: fileWire(call, space.details.get(folderId), ownerOf(core, { ownerId })) }
  }),
  ...['request', 'unfriend', 'approve', 'deny'].map((act) =>
    route('POST', `/v2/friends/:name/${act}`, (call) => {
      friendId(call, call.path.name ?? '')
      throw new ApiError(
        403,
        'Forbidden',
        'All users of this service are friends. Its configuration says who they are.',
      )
    }),
  ),
]

function isForAll({ shares }: SharedItem): boolean {
  return shares === null || shares.some((share) => share.friendId === null)
}

/** The ids of users by their names, separated by commas or in a list; null for everyone. */
function friendIds(call: Call): number[] | null {
  const raw = call.params.raw('friends')
  const names = Array.isArray(raw) ? raw.map((name) => `${name}`) : call.params.required('friends').split(',')
  const wanted = names.map((name) => name.trim())
  if (wanted.length === 0 || wanted.length > maxItems)
    throw new ApiError(400, 'BadRequest', 'Share it with 1 to 100 users.')
  return wanted.includes('everyone') ? null : wanted.map((name) => friendId(call, name))
}

/** Throws a 404 if there is no other user with this name. */
function friendId({ core }: Pick<Call, 'core'>, name: string): number {
  const friend = core.friends.others().find((one) => one.name === name)
  if (friend !== undefined) return friend.id
  throw new ApiError(404, 'USER_NOT_FOUND', `There is no other user “${name.slice(0, 100)}” of this service.`)
}

function avatarOf({ base }: Pick<Call, 'base'>): string {
  return `${base}/images/file_types/unknown.png`
}

function missing(name: string): never {
  throw new ApiError(400, 'BadRequest', `The parameter “${name}” is missing.`)
}

type Clone = { shared_file_clone_status: 'DONE' } | { shared_file_clone_status: 'ERROR'; error_msg: string }

/** The copies of each user, by their ids. They are forgotten when the service ends, and the oldest when there are many. */
const clones = new WeakMap<Core, Map<number, Clone>>()
let lastClone = 0

async function cloneAll(call: Call, ids: readonly number[], parentId: number): Promise<Clone> {
  try {
    for (const id of ids) await copy(call, id, { parentId, name: null })
    return { shared_file_clone_status: 'DONE' }
  } catch (error) {
    const reason = error instanceof Refusal ? error.message : reasonOf(error)
    if (reason === null) throw error
    return { shared_file_clone_status: 'ERROR', error_msg: reason }
  }
}

function remember(core: Core, clone: Clone): number {
  const known = clones.get(core) ?? new Map<number, Clone>()
  clones.set(core, known)
  lastClone += 1
  known.set(lastClone, clone)
  const [oldest] = known.keys()
  if (known.size > maxClones && oldest !== undefined) known.delete(oldest)
  return lastClone
}
