import { NotFound, Refusal } from '../../core/errors/refusal.ts'
import { copyItem } from '../../core/space/copies.ts'
import type { Item } from '../../core/space/space.ts'
import { ApiError, toApiError } from './error.ts'
import { fileWire, ownerOf } from './file-wire.ts'
import { idInPath, orderOf, readable } from './files.ts'
import { type Call, type Route, route } from './method.ts'
import { checkOwn, inBatches, selectionOf } from './selection.ts'
import { fromTime } from './times.ts'

/** Source: API v2 §6. */
export const fileChanges: Route[] = [
  route('POST', '/v2/files/create-folder', (call) => {
    const { core, params } = call
    const path = params.text('path')
    const parentId = params.number('parent_id') ?? 0
    checkOwn(core, parentId)
    const names = path === null ? [nameOf(call)] : path.split('/').filter((name) => name !== '')
    const name = names.pop()
    if (name === undefined) throw new ApiError(400, 'EMPTY_NAME', 'The path is empty.')
    const folderId = names.reduce((id, part) => {
      const known = core.space.details.child(id, part)
      return (known ?? core.space.createFolder(part, id, { isExact: true })).id
    }, parentId)
    return { file: own(call, core.space.createFolder(name, folderId, { isExact: true })) }
  }),
  route('POST', '/v2/files/rename', (call) => {
    const { core, params } = call
    const id = params.id('file_id')
    checkOwn(core, id)
    return { file: own(call, core.space.rename(id, nameOf(call), { isExact: true })) }
  }),
  route('POST', '/v2/files/move', async (call) => {
    const { core, params } = call
    const parentId = params.id('parent_id')
    checkOwn(core, parentId)
    if (params.has('name')) {
      const id = params.number('file_id') ?? params.id('file_ids')
      checkOwn(core, id)
      return { errors: [], file: own(call, core.space.moveAs(id, { parentId, name: nameOf(call) })) }
    }
    const errors: MoveError[] = []
    const move = (ids: number[]) => {
      for (const id of ids) checkOwn(core, id)
      core.space.move(ids, parentId)
    }
    await inBatches(selectionOf(call), (ids) => {
      if (attempt(() => move(ids)) === null) return
      // One by one, to find those that cannot be moved.
      for (const id of ids) {
        const error = attempt(() => move([id]))
        const name = error === null ? null : (core.space.find(id)?.name ?? null)
        if (error !== null) errors.push({ id, name, error_type: error.type, status_code: error.status })
      }
    })
    return { errors }
  }),
  route('POST', '/v2/files/copy', async (call) => {
    const { params } = call
    const [id = params.id('file_id'), ...others] = selectionOf(call)
    if (others.length > 0) throw new ApiError(400, 'BadRequest', 'Only one item can be copied at once.')
    const name = params.has('name') ? nameOf(call) : null
    return { file: own(call, await copy(call, id, { parentId: params.id('parent_id'), name })) }
  }),
  route('POST', '/v2/files/copy-to-disk', async (call) => {
    for (const id of selectionOf(call)) await copy(call, id, { parentId: 0, name: null })
    return {}
  }),
  route('POST', '/v2/files/touch', async (call) => {
    const { core, params } = call
    const text = params.text('updated_at')
    const seconds = text === null ? Math.floor(Date.now() / 1000) : fromTime(text)
    if (seconds === null) throw new ApiError(400, 'BadRequest', 'The parameter “updated_at” is not a time.')
    const ids = selectionOf(call)
    await checkAll(call, ids)
    await inBatches(ids, (batch) => core.space.details.touch(batch.filter(core.space.has), seconds))
    return {}
  }),
  route('POST', '/v2/files/delete', async (call) => {
    const { core, params } = call
    const { space, settings } = core
    const isForGood = params.flag('skip_trash') || !settings.get().isTrashEnabled
    const isSkipping = params.flag('skip_nonexistents')
    const wanted = selectionOf(call)
    const ids = isSkipping ? wanted.filter((id) => space.has(id)) : wanted
    await checkAll(call, ids)
    if (ids.includes(0)) throw new ApiError(400, 'BadRequest', 'The root folder cannot be deleted.')
    await inBatches(ids, (batch) => {
      // A folder takes along what is in it.
      const left = batch.filter((id) => space.has(id))
      if (isForGood) space.remove(left)
      else space.trash.add(left)
    })
    return { cursor: null, skipped: 0 }
  }),
  route('GET', '/v2/files/:id/can-write', (call) => {
    checkOwn(call.core, idInPath(call))
    return { user_id: readable(call).ownerId }
  }),
  route('POST', '/v2/files/set-sort-by', ({ core, params }) => {
    const id = params.id('file_id')
    checkOwn(core, id)
    const order = params.required('sort_by')
    orderOf(order)
    if (core.space.get(id).kind !== 'folder') throw new ApiError(400, 'BadRequest', 'Only a folder has an order.')
    core.sortOrders.set(id, order)
    return {}
  }),
  route('POST', '/v2/files/remove-sort-by-settings', ({ core }) => {
    core.sortOrders.clear()
    return {}
  }),
  route('POST', '/v2/files/watch-status', async (call) => {
    const { core, params } = call
    params.required('watched')
    const ids = selectionOf(call)
    await checkAll(call, ids)
    await inBatches(ids, (batch) => core.space.details.setWatched(batch, params.flag('watched')))
    return {}
  }),
]

interface MoveError {
  id: number
  name: string | null
  error_type: string
  status_code: number
}

/** The name in a request, exactly as it is. */
function nameOf({ params }: Pick<Call, 'params'>): string {
  const name = params.raw('name')
  if (name === '' || name === undefined || name === null) throw new ApiError(400, 'EMPTY_NAME', 'The name is empty.')
  return params.required('name')
}

/** An item of one's own. */
function own(call: Call, { id }: Item) {
  const { core } = call
  return fileWire(call, core.space.details.get(id), ownerOf(core, { ownerId: core.account.userId }))
}

/** Copies an item that the user may read. */
export function copy({ core }: Call, id: number, target: { parentId: number; name: string | null }): Promise<Item> {
  const { space, content, quota } = core
  checkOwn(core, target.parentId)
  const source = core.friends.read(id)
  return copyItem(source, { space, content, roomBytes: quota.unreservedBytes }, target)
}

/** Throws before anything is changed. */
async function checkAll({ core }: Call, ids: readonly number[]): Promise<void> {
  await inBatches(ids, (batch) => {
    for (const id of batch) checkOwn(core, id)
  })
}

/** Runs work that the service may refuse. Returns its refusal. */
function attempt(work: () => void): ApiError | null {
  try {
    work()
    return null
  } catch (error) {
    const known = error instanceof NotFound || error instanceof Refusal || error instanceof ApiError
    const answer = known ? toApiError(error) : null
    if (answer === null) throw error
    return answer
  }
}
