import { expect } from 'vitest'
import type { Service } from './service.ts'

const tus = { 'tus-resumable': '1.0.0' }

/** What a client says of a file before it sends it. */
export function metadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}

/** Sends files by tus to a service, as its own user. */
export function tusClient({ url, token }: Pick<Service, 'url' | 'token'>) {
  const authorization = `Token ${token}`
  const request = (verb: string, path: string, headers: Record<string, string> = {}, body: BodyInit | null = null) =>
    fetch(path.startsWith('http') ? path : `${url}${path}`, {
      method: verb,
      headers: { authorization, ...tus, ...headers },
      ...(body !== null && { body, duplex: 'half' }),
    })
  const create = (size: number, values: Record<string, string>) =>
    request('POST', '/files/', {
      'upload-length': `${size}`,
      'upload-metadata': metadata({ parent_id: '0', ...values }),
    })
  const patch = (location: string, offset: number, body: BodyInit = '') =>
    request(
      'PATCH',
      location,
      { 'upload-offset': `${offset}`, 'content-type': 'application/offset+octet-stream' },
      body,
    )
  return {
    request,
    create,
    patch,
    /** Begins a file and returns its address. */
    begin: async (size: number, values: Record<string, string>) => {
      const response = await create(size, values)
      expect([response.status, await response.text()]).toEqual([201, ''])
      return response.headers.get('location') ?? ''
    },
    /** How much the service has. */
    offset: async (location: string) => Number((await request('HEAD', location)).headers.get('upload-offset')),
    /** Sends a whole file; returns the last answer. */
    send: async (bytes: Buffer, values: Record<string, string>) => {
      const location = (await create(bytes.length, values)).headers.get('location') ?? ''
      return patch(location, 0, new Uint8Array(bytes))
    },
  }
}
