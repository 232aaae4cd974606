import type { Space } from '../../core/space/space.ts'
import type { Call, Result } from './method.ts'
import { sendJson } from './send.ts'

const maxKept = 64
const maxBytes = 256 * 1024

/** Recent answers about each space, as long as nothing has changed there. Clients ask for the same folder again and again. */
const answers = new WeakMap<Space, { version: number; byRequest: Map<string, Buffer> }>()

/** Responds with the kept answer to the same request, or with a new one. Only for answers that depend on the user's own items. */
export async function keep(call: Call, make: () => Result | Promise<Result>): Promise<Result> {
  const { core, request, base, readToken, isExtended, response } = call
  const { space } = core
  const version = space.version()
  const known = answers.get(space)
  const byRequest = known?.version === version ? known.byRequest : new Map<string, Buffer>()
  if (byRequest !== known?.byRequest) answers.set(space, { version, byRequest })
  const key = `${isExtended} ${core.sortOrders.version()} ${base} ${readToken} ${request.url}`
  const before = byRequest.get(key)
  if (before !== undefined) {
    sendJson(response, 200, before)
    return null
  }
  const result = await make()
  if (result === null) return null
  const bytes = Buffer.from(JSON.stringify({ ...result, status: 'OK' }))
  const [oldest] = byRequest.keys()
  if (byRequest.size >= maxKept && oldest !== undefined) byRequest.delete(oldest)
  if (bytes.length <= maxBytes && space.version() === version) byRequest.set(key, bytes)
  sendJson(response, 200, bytes)
  return null
}
