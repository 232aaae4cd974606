import type { Settings } from './settings.ts'

/** The address of Put.io's API, which identifies its accounts. */
export const putioAddress = 'https://api.put.io'

/** Set by the build, from the environment variable PUTDESK_PUTIO_APP_ID; empty in the source. */
declare const BUILT_PUTIO_APP_ID: string | undefined

const builtAppId = typeof BUILT_PUTIO_APP_ID === 'undefined' ? '' : BUILT_PUTIO_APP_ID

/** The number under which this app is registered at Put.io; null if there is none. It is not a secret. */
export function putioAppIdOf({ putioAppId }: Pick<Settings, 'putioAppId'>): string | null {
  const id = putioAppId ?? builtAppId
  return id === '' ? null : id
}
