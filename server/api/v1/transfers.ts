import { Refusal } from '../../core/errors/refusal.ts'
import { kindOf } from '../../core/space/kinds.ts'
import { keepSecret } from '../../log/secrets.ts'
import { kindWord } from './kinds.ts'
import type { Method } from './method.ts'
import { transferWire } from './wire.ts'

/** Source: API v1 §7. */
export const transfers: Record<string, Method> = {
  list: ({ core, isExtended }) =>
    core.transfers
      .list()
      .map((transfer) => transferWire(transfer, isExtended, isExtended && core.transfers.files.canPlay(transfer))),
  /** Our own: the films and sounds of a transfer that can be played although it is still being fetched. */
  files: ({ core, params, base }) => {
    const id = params.id('id')
    return core.transfers.files.list(id).map(({ index, name, sizeBytes, itemId }) => ({
      index,
      name,
      type: kindWord(kindOf(name).kind),
      size: `${sizeBytes}`,
      item_id: itemId === null ? null : `${itemId}`,
      stream_url: `${base}/stream-transfer/${core.account.userId}/${id}-${index}/`,
    }))
  },
  add: ({ core, params, isExtended }) => {
    const links = params.list('links')
    if (links === null) throw new Refusal('The parameter “links” is missing.')
    return core.transfers
      .add(links, params.number('to_folder', 0))
      .map((transfer) => transferWire(transfer, isExtended))
  },
  /** Our own: retries a failed transfer, its archives with a password or without unpacking. */
  retry: ({ core, params, isExtended }) => {
    const password = params.text('password') || null
    keepSecret(password)
    const options = { password, isUnpacked: params.text('unpack') !== 'false' }
    return [transferWire(core.transfers.retry(params.id('id'), options), isExtended)]
  },
  cancel: ({ core, params, isExtended }) =>
    core.transfers.cancel([params.id('id')]).map((transfer) => transferWire(transfer, isExtended)),
}
