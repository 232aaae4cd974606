import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core, Cores } from '../../core/core.ts'
import type { Params } from './params.ts'

/** What a token grants: everything, or only to read files. Source: API v2 §2.4. */
type Scope = 'default' | 'files_download'

/** Who sent a request. */
export interface Caller {
  core: Core
  scope: Scope
  /** 0 for the app that started the service, and for its links. */
  tokenId: number
  /** What links for this caller contain, to read files without another token. */
  readToken: string
}

/** A request without a token, such as the first ones of a sign-in. */
export interface OpenCall {
  cores: Cores
  params: Params
  /** The values of `:name` in the route's path. */
  path: Record<string, string>
  /** The service's base URL, for links. */
  base: string
  request: IncomingMessage
  response: ServerResponse
  /** Counts a wrong guess of this caller. Returns for how many milliseconds it should pause. */
  noteFailure(): number
  /** For how many milliseconds this caller should pause, because of wrong guesses before. */
  pauseMs(): number
}

/** A user's request. */
export interface Call extends OpenCall, Caller {
  /** True for our own client, which asks for fields that API v2 does not have. */
  isExtended: boolean
}

/** The fields of a successful answer besides `status`; null if the method has responded itself. */
export type Result = Record<string, unknown> | null

interface AnyRoute {
  verb: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD'
  /** Such as `/v2/files/:id/url`. */
  path: string
  /** True if the method reads the body itself. */
  readsBody?: boolean
}

/** A method of the API, and where it is. */
export type Route =
  | (AnyRoute & { access: 'open'; run(call: OpenCall): Result | Promise<Result> })
  | (AnyRoute & {
      /** `download`: a token that only grants to read files will do. */
      access: 'user' | 'download'
      run(call: Call): Result | Promise<Result>
    })

/** Makes a route for signed-in users. */
export function route(
  verb: AnyRoute['verb'],
  path: string,
  run: (call: Call) => Result | Promise<Result>,
  options: { access?: 'user' | 'download'; readsBody?: boolean } = {},
): Route {
  return { verb, path, run, access: options.access ?? 'user', readsBody: options.readsBody ?? false }
}

/** Makes a route that needs no token. */
export function openRoute(
  verb: AnyRoute['verb'],
  path: string,
  run: (call: OpenCall) => Result | Promise<Result>,
): Route {
  return { verb, path, run, access: 'open' }
}
