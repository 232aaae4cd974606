import type { Service } from './service.ts'

/** Every file of the space, or of one item: its path and its bytes in hexadecimal, in the order of the paths. */
export async function itemsOf(service: Service, item?: Record<string, unknown>): Promise<[string, string][]> {
  const { results } = await service.ask('user.acctoken')
  const token = /[0-9a-f]{40}/.exec(JSON.stringify(results))?.[0] ?? ''
  const read = async ({ id, name, is_dir, stream_url }: Record<string, unknown>, prefix: string) => {
    if (is_dir === true) return walk(id, `${prefix}${name}/`)
    const bytes = await (await fetch(`${stream_url}atk/${token}`)).arrayBuffer()
    return [[`${prefix}${name}`, Buffer.from(bytes).toString('hex')]] satisfies [string, string][]
  }
  const walk = async (folderId: unknown, prefix: string): Promise<[string, string][]> => {
    const { rows } = await service.ask('files.list', { parent_id: folderId, limit: 100_000 })
    const found: [string, string][] = []
    for (const row of rows) found.push(...(await read(row, prefix)))
    return found
  }
  const all = item === undefined ? await walk(0, '') : await read(item, '')
  return all.sort(([a], [b]) => (a < b ? -1 : 1))
}
