import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Service, type ServiceOptions, startService } from '../support/service.ts'

const bundle = join(import.meta.dirname, '../../dist/server/main.cjs')

/** Starts the bundled service if it is built, with enough quota for any row. */
export function startBuilt(options: ServiceOptions): Promise<Service> {
  return startService({ ...(existsSync(bundle) ? { entry: bundle } : {}), diskQuota: 2 ** 42, ...options })
}

/** Has the service fetch a link, and returns the item once it is stored. */
export async function store(service: Service, link: string): Promise<Record<string, unknown>> {
  await service.ask('transfers.add', { links: [link] })
  return whenStored(service)
}

/** Returns the one item that the service's only transfer becomes. */
export async function whenStored(service: Service): Promise<Record<string, unknown>> {
  for (;;) {
    const { rows } = await service.ask('transfers.list')
    if (rows.length === 0) break
    if (rows[0]?.status === 'Error') throw new Error(`the transfer failed: ${JSON.stringify(rows[0])}`)
    await wait(10)
  }
  const [item] = (await service.ask('files.list')).rows
  if (item === undefined) throw new Error('the service stored nothing')
  return item
}

/** The stream URL of an item. */
export async function streamUrl(service: Service, item: Record<string, unknown>): Promise<string> {
  const { results } = await service.ask('user.acctoken')
  const token = /[0-9a-f]{40}/.exec(JSON.stringify(results))?.[0] ?? ''
  return `${String(item.stream_url).replace(/\/+$/, '')}/atk/${token}`
}
