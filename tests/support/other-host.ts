import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { file, startWeb, type Web } from './web.ts'

/** A file of the account's root, or of its folder 1. */
export interface HostedFile {
  name: string
  type?: string
  bytes: Buffer
  folderId?: number
}

export interface OtherHost {
  /** The account's own server, at 127.0.0.1. */
  url: string
  /** Where the contents are, at localhost: `http://localhost:port`. */
  contentOrigin: string
  /** From now on, the addresses of files are what this makes of those at `contentOrigin`. */
  giveAddresses(of: (address: string, name: string) => string): void
  /** The methods of the API that were called since the last time this was asked. */
  called(): string[]
  /** The requests for contents. */
  requests: Web['requests']
  content: Web
  idOf(name: string): number
  stop(): Promise<void>
}

const token = 'f00d1234cafe5678'

/** A v1 server that has its contents on another host. The folder with the id 1 has the files that say so. */
export async function startOtherHost(files: readonly HostedFile[]): Promise<OtherHost> {
  const [web, content] = await Promise.all([startWeb(), startWeb()])
  const contentOrigin = `http://localhost:${content.port}`
  let addressOf = (address: string, _name: string) => address
  let calls: string[] = []
  const folder = { id: 1, name: 'Folder', parent_id: 0, type: 'folder', is_dir: true }
  const items = () =>
    files.map(({ name, type = 'file', bytes, folderId = 0 }, at) => ({
      ...{ id: at + 10, name, parent_id: folderId, type, is_dir: false, size: bytes.length },
      stream_url: addressOf(`${contentOrigin}/stream/${at + 10}`, name),
    }))
  const user = { name: 'me', disk_quota: 9e12, disk_quota_available: 9e12, bw_quota: 9, bw_quota_available: 9 }
  const resultsOf = (method: string, params: Record<string, unknown>): unknown => {
    const all = [folder, ...items()]
    const results: Record<string, unknown> = {
      'user.info': [user],
      'user.acctoken': { token },
      'files.list': all.filter((item) => `${item.parent_id}` === `${params.parent_id}`),
      'files.info': all.filter(({ id }) => `${id}` === `${params.id}`),
      'files.dirmap': { id: 0, name: 'root', dirs: [{ id: 1, name: 'Folder', dirs: [] }] },
    }
    return results[method] ?? []
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await text(request)).get('request') ?? '{}'
    const { params = {} }: { params?: Record<string, unknown> } = JSON.parse(form)
    const url = new URL(request.url ?? '', 'http://x')
    const method = `${url.pathname.split('/').at(-1)}.${url.searchParams.get('method')}`
    calls.push(method)
    const results = resultsOf(method, params)
    response.end(JSON.stringify({ error: false, user_name: 'me', id: 1, response: { results } }))
  }
  for (const resource of ['user', 'files', 'transfers', 'messages', 'urls']) web.on(`/v1/${resource}`, handle)
  for (const [at, { bytes }] of files.entries())
    for (const one of [web, content]) one.on(`/stream/${at + 10}/atk/${token}`, file(bytes))
  return {
    url: web.url(''),
    contentOrigin,
    giveAddresses: (of) => {
      addressOf = of
    },
    called: () => {
      const since = calls
      calls = []
      return since
    },
    requests: content.requests,
    content,
    idOf: (name) => files.findIndex((one) => one.name === name) + 10,
    stop: async () => {
      await Promise.all([web.stop(), content.stop()])
    },
  }
}
