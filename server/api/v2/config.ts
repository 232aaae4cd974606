import { ApiError } from './error.ts'
import type { Call, Route } from './method.ts'
import { route } from './method.ts'
import { appOf } from './sign-in.ts'

/** What an app stores for itself. Source: API v2 §16. */
export const config: Route[] = [
  route('GET', '/v2/config', (call) => ({ config: call.core.configs.all(appOf(call.cores, call)) })),
  route('PUT', '/v2/config', (call) => {
    const value = call.params.raw('config')
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ApiError(400, 'BadRequest', 'The parameter “config” is not a JSON object.')
    call.core.configs.replace(appOf(call.cores, call), { ...value })
    return {}
  }),
  route('GET', '/v2/config/:key', (call) => ({ value: call.core.configs.get(appOf(call.cores, call), keyOf(call)) })),
  route('PUT', '/v2/config/:key', (call) => {
    if (!call.params.has('value')) throw new ApiError(400, 'BadRequest', 'The parameter “value” is missing.')
    call.core.configs.set(appOf(call.cores, call), keyOf(call), call.params.raw('value'))
    return {}
  }),
  route('DELETE', '/v2/config/:key', (call) => {
    call.core.configs.remove(appOf(call.cores, call), keyOf(call))
    return {}
  }),
]

function keyOf({ path }: Call): string {
  return path.key ?? ''
}
