import * as z from 'zod'
import { isObject } from '../files/json-content.ts'
import { OwnBases } from './bases.ts'

/** The key and secret that sign every request of API v1. */
export const V1Key = z.object({ apiKey: z.string(), apiSecret: z.string() })
export type V1Key = z.infer<typeof V1Key>

const StoredCredentials = z.discriminatedUnion('kind', [
  V1Key.extend({ kind: z.literal('v1-key') }),
  z.object({ kind: z.literal('oauth'), token: z.string().min(1), bases: OwnBases.optional().catch(undefined) }),
])
/** Credentials that are stored in the vault. */
export type StoredCredentials = z.infer<typeof StoredCredentials>

/** What signs an account's requests. `local`: the key that the running local service was started with. */
export type Credentials = StoredCredentials | { kind: 'local' }

/** Parses an entry of the vault; null if it is invalid. Earlier versions stored a key and secret without a kind. */
export function parseCredentials(stored: string): StoredCredentials | null {
  let value: unknown
  try {
    value = JSON.parse(stored)
  } catch {
    // Damaged: reported by the caller, which knows the account.
    return null
  }
  const withKind = isObject(value) && !Object.hasOwn(value, 'kind') ? { ...value, kind: 'v1-key' } : value
  return StoredCredentials.safeParse(withKind).data ?? null
}

/** The secret strings in credentials, which must never leave the backend. */
export function secretsIn(credentials: Credentials): string[] {
  switch (credentials.kind) {
    case 'v1-key':
      return [credentials.apiSecret, credentials.apiKey]
    case 'oauth':
      return [credentials.token]
    case 'local':
      return []
    default:
      return credentials satisfies never
  }
}
