import type { Account } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import { putioAddress } from '../../../shared/putio-app.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { basesOf, type OwnBases } from './bases.ts'
import type { PutioClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import type { SignIn } from './sign-in.ts'
import type { UnreadRows } from './unread-rows.ts'
import { createV1Client } from './v1/client.ts'
import { createV2Client } from './v2/client.ts'
import { systemClock } from './v2/clock.ts'
import { createV2SignIn } from './v2/sign-in.ts'

/** The parts of the backend that a client depends on. */
export interface ClientOptions {
  /** The local service: where it listens, and what signs requests to it. */
  service: { url(): Promise<string>; readonly token: string }
  secrets: Secrets
  unread: UnreadRows
}

/**
 * Creates the client of an account. This is the only place that chooses the API version. Throws `unavailable` if this version of
 * Putdesk cannot use the credentials.
 */
export function createClient(
  { name, address }: Pick<Account, 'name' | 'address'>,
  credentials: Credentials,
  { service, secrets, unread }: ClientOptions,
): PutioClient {
  switch (credentials.kind) {
    case 'local':
      return createV2Client({
        bases: async () => basesOf(await service.url()),
        token: service.token,
        secrets,
        unread,
        clock: systemClock,
      })
    case 'v1-key': {
      if (address === null) throw new AppError('unavailable', `“${name}” has no address. Add it again.`)
      return createV1Client({ baseUrl: async () => address, key: credentials, secrets, unread })
    }
    case 'oauth': {
      const bases = basesOf(address ?? putioAddress, credentials.bases)
      return createV2Client({ bases: async () => bases, token: credentials.token, secrets, unread, clock: systemClock })
    }
    default:
      return credentials satisfies never
  }
}

/** Signing in with an access token to the service at an address. */
export function createSignIn(
  { address, bases }: { address: string; bases: OwnBases },
  options: Pick<ClientOptions, 'secrets' | 'unread'>,
): SignIn {
  return createV2SignIn(basesOf(address, bases), { ...options, clock: systemClock })
}
