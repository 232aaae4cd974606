import { Refusal } from '../../core/refusal.ts'
import type { Method } from './method.ts'
import { transferWire } from './wire.ts'

/** Source: API v1 §7. */
export const transfers: Record<string, Method> = {
  list: ({ core, isExtended }) => core.transfers.list().map((transfer) => transferWire(transfer, isExtended)),
  add: ({ core, params, isExtended }) => {
    const links = params.list('links')
    if (links === null) throw new Refusal('The parameter “links” is missing.')
    return core.transfers
      .add(links, params.number('to_folder', 0))
      .map((transfer) => transferWire(transfer, isExtended))
  },
  cancel: ({ core, params, isExtended }) => [transferWire(core.transfers.cancel(params.id('id')), isExtended)],
}
