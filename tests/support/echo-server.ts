import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { file, startWeb, type Web } from './web.ts'

/** A file on such a server. */
interface EchoedFile {
  name: string
  type: string
  bytes: Buffer
}

export interface EchoServer {
  url: string
  requests: Web['requests']
  stop(): Promise<void>
}

interface Options {
  secret: string
  token: string
  files: readonly EchoedFile[]
}

/**
 * A v1 server that gives some files, and echoes what signs the requests wherever it can: in names, in a transfer's status, and in its
 * refusals, which are all that it has for a change.
 */
export async function startEchoServer({ secret, token, files }: Options): Promise<EchoServer> {
  const web = await startWeb()
  const itemOf = ({ name, type, bytes }: EchoedFile, at: number) => ({
    ...{ id: at + 1, name, parent_id: 0, type, is_dir: false, size: bytes.length },
    stream_url: web.url(`/stream/${at + 1}`),
  })
  /** What it gave away, and may get back. */
  const given: string[] = []
  const answer = (method: string, id: unknown, echo: string): unknown => {
    if (method === 'user.acctoken') given.push(token)
    const items = files.map(itemOf)
    const user = {
      name: `me ${echo}`,
      disk_quota: 9e12,
      disk_quota_available: 9e12,
      bw_quota: 9,
      bw_quota_available: 9,
    }
    const results: Record<string, unknown> = {
      'user.info': [user],
      'user.acctoken': { token },
      'user.friends': [{ id: 1, name: echo, dir_id: 2 }],
      'files.list': [...items, { ...items[0], id: 99, name: `echo ${echo}.txt` }],
      'files.info': items.filter((item) => `${item.id}` === `${id}`),
      'files.dirmap': { id: 0, name: 'root', dirs: [] },
      'transfers.list': [{ id: 7, name: `transfer ${echo}`, status: `Error ${echo}`, percent_done: 1 }],
      'messages.list': [],
    }
    return results[method]
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const form = new URLSearchParams(body).get('request') ?? '{}'
    const asked: { api_secret?: string; params?: { id?: unknown } } = JSON.parse(form)
    const method = `${/\/v1\/(\w+)/.exec(request.url ?? '')?.[1]}.${/method=(\w+)/.exec(request.url ?? '')?.[1]}`
    const echo = echoOf(form, given)
    const results = asked.api_secret === secret ? answer(method, asked.params?.id, echo) : undefined
    const isSignedIn = asked.api_secret === secret
    const envelope =
      results === undefined
        ? { error: true, error_message: `No ${method}: ${echo}`, response: { results: [] } }
        : { error: false, response: { results } }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...envelope, user_name: isSignedIn ? 'me' : null, id: isSignedIn ? 1 : null }))
  }
  for (const resource of ['user', 'files', 'transfers', 'messages', 'urls']) web.on(`/v1/${resource}`, handle)
  for (const [at, { bytes }] of files.entries())
    web.on(`/stream/${at + 1}/atk/${encodeURIComponent(token)}`, file(bytes))
  return { url: web.url(''), requests: web.requests, stop: web.stop }
}

/** Whatever was sent, and more, in the encodings that a server may use. */
function echoOf(form: string, more: readonly string[]): string {
  const { api_key: key = '', api_secret: secret = '' }: Record<string, string> = JSON.parse(form)
  return [key, secret, ...more]
    .flatMap((one) => [
      one,
      JSON.stringify(one),
      encodeURIComponent(one),
      encodeURIComponent(encodeURIComponent(one)),
      new URLSearchParams({ one }).toString(),
      Buffer.from(one).toString('base64'),
      Buffer.from(`${key}:${one}`).toString('base64url'),
    ])
    .concat(JSON.stringify(form))
    .join(' ')
}
