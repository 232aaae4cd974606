import * as z from 'zod'
import { putioAddress } from '../../../shared/putio-app.ts'

/** Where a service that speaks API v2 is. Source: API v2 §1. */
export interface Bases {
  /** The API, without `/v2`. */
  api: string
  /** Takes whole files in one request. */
  upload: string
  /** Takes files that can be resumed; ends with a slash. */
  tus: string
  /** The WebSocket that announces changes. */
  socket: string
  /** The pages for people, such as the one that approves a sign-in. */
  web: string
}

const putio: Bases = {
  api: putioAddress,
  upload: 'https://upload.put.io',
  tus: 'https://upload.put.io/files/',
  socket: 'wss://socket.put.io/socket/sockjs/websocket',
  web: 'https://app.put.io',
}

/** Addresses of a service that are not where they would be expected. */
export const OwnBases = z.object({ upload: z.url(), tus: z.url(), socket: z.url(), web: z.url() }).partial()
export type OwnBases = z.infer<typeof OwnBases>

/** The addresses of a service, of which only that of the API has to be known: other services than Put.io have everything at one place. */
export function basesOf(api: string, own: OwnBases = {}): Bases {
  const socket = `${api.replace(/^http/, 'ws')}/socket/sockjs/websocket`
  const base = api === putioAddress ? putio : { api, upload: api, tus: `${api}/files/`, socket, web: api }
  return {
    api,
    upload: own.upload ?? base.upload,
    tus: own.tus ?? base.tus,
    socket: own.socket ?? base.socket,
    web: own.web ?? base.web,
  }
}
