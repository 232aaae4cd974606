import { Refusal } from '../../core/errors/refusal.ts'
import type { Method } from './method.ts'
import { transferWire } from './wire.ts'

/** Source: API v1 §7. */
export const transfers: Record<string, Method> = {
  list: ({ core }) => core.transfers.list().map(transferWire),
  add: ({ core, params }) => {
    const links = params.list('links')
    if (links === null) throw new Refusal('The parameter “links” is missing.')
    return core.transfers.add(links, params.number('to_folder', 0)).map(transferWire)
  },
  cancel: ({ core, params }) => core.transfers.cancel([params.id('id')]).map(transferWire),
}
