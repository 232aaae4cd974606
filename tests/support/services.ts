import { afterEach } from 'vitest'
import { apiV2 } from './api-v2.ts'
import { type Service, type ServiceOptions, startService, until } from './service.ts'

/** The services of a test file: each is stopped at the end of the test that started it. */
export function servicesForTests() {
  const services = new Set<Service>()
  afterEach(async () => {
    await Promise.all([...services].map((service) => service.stop()))
    services.clear()
  })
  const start = async (options: ServiceOptions = {}): Promise<Service> => {
    const service = await startService(options)
    services.add(service)
    return service
  }
  return {
    start,
    /** Kills a service with SIGKILL, and starts it again on the same data. */
    restart: async (service: Service, options: ServiceOptions = {}): Promise<Service> => {
      await service.kill9()
      services.delete(service)
      return start({ ...options, data: service.data })
    },
  }
}

type Row = Record<string, unknown>

/** Calls API v2 of a service as our own client, which gets more fields. Rejects if the service refuses. */
export function ownApi(service: Service) {
  const call = apiV2(service)
  return async (verb: string, path: string, params: Record<string, string | number> = {}): Promise<Row> => {
    // The service may be killed while a kept-alive connection is open.
    const { status, body } = await call(verb, path, params, { 'putdesk-fields': '1', connection: 'close' })
    if (status !== 200) throw new Error(`${verb} ${path}: ${status}, ${body.error_message}`)
    return body
  }
}

/** The rows of a list in an answer. */
export function rowsOf(list: unknown): Row[] {
  return Array.isArray(list) ? list.map((row) => Object(row)) : []
}

/** Later than any transfer finishes. */
const never = 999_999_999_999

/**
 * The transfers that have not finished as our own client sees them, the oldest first. Their statuses are in the words that the window
 * shows, and their ids are text, as in API v1.
 */
export async function listed(service: Service): Promise<Row[]> {
  const { transfers } = await ownApi(service)('GET', '/v2/transfers/list', { finished_after: never })
  return rowsOf(transfers)
    .map((row) => ({
      id: `${row.id}`,
      name: row.name,
      status: inWords(`${figuresOf(row).status}`),
      percent_done: row.percent_done,
      putdesk: row.putdesk,
    }))
    .reverse()
}

/** `in-queue` → In queue. */
function inWords(status: string): string {
  return `${status.charAt(0).toUpperCase()}${status.slice(1).replaceAll('-', ' ')}`
}

/** Retries a failed transfer as our own client does. */
export async function retry(
  service: Service,
  id: string | number,
  options: { password?: string; unpack?: 'false' } = {},
): Promise<Row> {
  return Object((await ownApi(service)('POST', '/v2/transfers/retry', { id, ...options })).transfer)
}

/** Moves an item to the trash. */
export async function moveToTrash(service: Service, itemId: unknown): Promise<void> {
  await ownApi(service)('POST', '/v2/files/delete', { file_ids: `${itemId}` })
}

/** What is in the trash, the newest first. */
export async function trashOf(service: Service): Promise<Row[]> {
  return rowsOf((await ownApi(service)('GET', '/v2/trash/list')).files)
}

/** The figures of a transfer that only our own client gets. */
export function figuresOf(row: Row | undefined): Row {
  const details: unknown = row?.putdesk
  return typeof details === 'object' && details !== null ? { ...details } : {}
}

/** Waits until a transfer is in a status, which may last only for a moment. */
export async function reaches(service: Service, id: string, status: string): Promise<void> {
  await until(
    () => service.ask('transfers.list'),
    ({ rows }) => rows.find((row) => row.id === id)?.status === status,
  )
}

/** The same, for a status that lasts; returns the whole list. */
export async function inStatus(service: Service, id: string, status: string): Promise<Row[]> {
  await reaches(service, id, status)
  return listed(service)
}

/** Waits until the list is empty. */
export async function whenEmpty(service: Service): Promise<void> {
  await until(
    () => service.ask('transfers.list'),
    ({ error, rows }) => !error && rows.length === 0,
  )
}

/** The bytes of the disk quota that are used. */
export async function usedBytes(service: Service): Promise<number> {
  const [user] = (await service.ask('user.info')).rows
  return Number(user?.disk_quota) - Number(user?.disk_quota_available)
}
