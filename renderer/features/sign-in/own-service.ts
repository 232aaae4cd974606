import type { ServiceAddresses } from '../../../shared/contract.ts'

/** The five addresses of another service than Put.io, as typed. */
export type TypedAddresses = Record<keyof ServiceAddresses, string>

export const noAddresses: TypedAddresses = { api: '', upload: '', tus: '', socket: '', web: '' }
export const addressNames = ['api', 'upload', 'tus', 'socket', 'web'] as const

/** The service that was typed; null means Put.io. */
export function toService(typed: TypedAddresses): ServiceAddresses | null {
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim())
  const api = orNull(typed.api)
  if (api === null) return null
  const { upload, tus, socket, web } = typed
  return { api, upload: orNull(upload), tus: orNull(tus), socket: orNull(socket), web: orNull(web) }
}

/** True for an address that only this computer can reach, so that no code for a phone helps. */
export function isOnlyHere(page: string): boolean {
  const { hostname } = new URL(page)
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
