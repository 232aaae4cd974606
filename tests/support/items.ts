import type { Service } from './service.ts'

interface File {
  path: string
  sizeBytes: number
  url: string
}

/** Every file of the space, or of one item, in the order of the paths, without reading its bytes. */
export async function filesOf(service: Service, item?: Record<string, unknown>): Promise<File[]> {
  const found: File[] = []
  const note = async ({ id, name, size, is_dir, stream_url }: Record<string, unknown>, prefix: string) => {
    if (is_dir === true) await walk(id, `${prefix}${name}/`)
    else found.push({ path: `${prefix}${name}`, sizeBytes: Number(size), url: `${stream_url}` })
  }
  const walk = async (folderId: unknown, prefix: string) => {
    const { rows } = await service.ask('files.list', { parent_id: folderId, limit: 100_000 })
    for (const row of rows) await note(row, prefix)
  }
  if (item === undefined) await walk(0, '')
  else await note(item, '')
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The same files with their bytes in hexadecimal. */
export async function itemsOf(service: Service, item?: Record<string, unknown>): Promise<[string, string][]> {
  const { results } = await service.ask('user.acctoken')
  const token = /[0-9a-f]{40}/.exec(JSON.stringify(results))?.[0] ?? ''
  const found: [string, string][] = []
  for (const { path, url } of await filesOf(service, item)) {
    const bytes = await (await fetch(`${url}atk/${token}`)).arrayBuffer()
    found.push([path, Buffer.from(bytes).toString('hex')])
  }
  return found
}
