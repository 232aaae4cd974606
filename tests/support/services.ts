import { afterEach } from 'vitest'
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

/** The transfers as our own client sees them. */
export async function listed(service: Service): Promise<Record<string, unknown>[]> {
  return (await service.ask('transfers.list', {}, { putdesk: 1 })).rows
}

/** The figures of a transfer that only our own client gets. */
export function figuresOf(row: Record<string, unknown> | undefined): Record<string, unknown> {
  const details: unknown = row?.putdesk
  return typeof details === 'object' && details !== null ? { ...details } : {}
}

/** Waits until a transfer is in a status; returns the whole list. */
export function inStatus(service: Service, id: string, status: string): Promise<Record<string, unknown>[]> {
  return until(
    () => listed(service),
    (rows) => rows.find((row) => row.id === id)?.status === status,
  )
}

/** Waits until the list is empty. */
export async function whenEmpty(service: Service): Promise<void> {
  await until(
    () => listed(service),
    (rows) => rows.length === 0,
  )
}

/** The bytes of the disk quota that are used. */
export async function usedBytes(service: Service): Promise<number> {
  const [user] = (await service.ask('user.info')).rows
  return Number(user?.disk_quota) - Number(user?.disk_quota_available)
}
