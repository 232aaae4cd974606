import { afterEach, expect, it } from 'vitest'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { signInDevice } from '../support/device.ts'

// Devices sign in to the service of this computer with a code of the app.

const backends: TestBackend[] = []
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close()
})
function backendOf(): TestBackend {
  const backend = openBackend()
  backends.push(backend)
  return backend
}

it('signs a device in with its code once, lists it, and signs it out', async () => {
  const { client } = backendOf()
  const accountId = await client.call('accounts.addThisComputer', {})
  const { code, page, endsAtMs } = await client.call('devices.code', { accountId })
  expect(code).toMatch(/^\d{6}$/)
  expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/link$/)
  expect(endsAtMs - Date.now()).toBeGreaterThan(60_000)
  expect(await client.call('devices.list', { accountId })).toEqual([])

  expect(await signInDevice(page, code === '999999' ? '000000' : '999999')).toBe(null)
  expect(await signInDevice(page, code)).toMatch(/^[0-9a-f]{40}$/)
  expect(await signInDevice(page, code)).toBe(null)
  const [device] = await client.call('devices.list', { accountId })
  expect(device).toMatchObject({ name: 'A television', usedAtMs: null })
  expect(Math.abs((device?.addedAtMs ?? 0) - Date.now())).toBeLessThan(60_000)

  const deviceId = device?.id ?? 0
  expect(await client.call('devices.signOut', { accountId, deviceId })).toBe(null)
  expect(await client.call('devices.list', { accountId })).toEqual([])
  expect(await client.call('devices.signOut', { accountId, deviceId })).toBe(null)
})

it('lets only the app of the service do this, not an account that has signed in itself', async () => {
  const own = backendOf()
  const thisComputer = await own.client.call('accounts.addThisComputer', {})
  const { code, page } = await own.client.call('devices.code', { accountId: thisComputer })
  const token = (await signInDevice(page, code)) ?? ''
  const { client } = backendOf()
  const service = { api: new URL(page).origin, upload: null, tus: null, socket: null, web: null }
  const input = { accountId: null, service, isKept: false, mayBePlain: false, token }
  const accountId = await client.call('accounts.signInWithToken', input)
  const message = expect.stringContaining('are signed in')
  const refused = { code: 'refused', message }
  await expect(client.call('devices.code', { accountId })).rejects.toMatchObject(refused)
  await expect(client.call('devices.list', { accountId })).rejects.toMatchObject(refused)
  await expect(client.call('devices.signOut', { accountId, deviceId: 1 })).rejects.toMatchObject(refused)
})
