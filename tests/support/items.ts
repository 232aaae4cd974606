import type { Service } from './service.ts'

/** Every file of the space: its path and its bytes in hexadecimal, in the order of the paths. */
export async function itemsOf(service: Service): Promise<[string, string][]> {
  const { results } = await service.ask('user.acctoken')
  const token = /[0-9a-f]{40}/.exec(JSON.stringify(results))?.[0] ?? ''
  const walk = async (folderId: unknown, prefix: string): Promise<[string, string][]> => {
    const { rows } = await service.ask('files.list', { parent_id: folderId, limit: 100_000 })
    const found: [string, string][] = []
    for (const { id, name, is_dir, stream_url } of rows) {
      if (is_dir === true) found.push(...(await walk(id, `${prefix}${name}/`)))
      else {
        const bytes = await (await fetch(`${stream_url}atk/${token}`)).arrayBuffer()
        found.push([`${prefix}${name}`, Buffer.from(bytes).toString('hex')])
      }
    }
    return found
  }
  return (await walk(0, '')).sort(([a], [b]) => (a < b ? -1 : 1))
}
