import * as z from 'zod'
import { type Capabilities, capabilityNames } from './capabilities.ts'

export const AccountId = z.string().min(1).max(64)
export type AccountId = z.infer<typeof AccountId>

/** Scheme, host and port as `URL` writes them: `https://cdn.example:8443`. No host name has more than 253 characters. */
export const Origin = z.string().min(1).max(300)

/** How an account's secret is stored: encrypted by the OS, in a plain private file at the person's choice, or only until the app quits. */
export const SecretKeeping = z.enum(['protected', 'plain', 'session'])
export type SecretKeeping = z.infer<typeof SecretKeeping>

const AccountCapabilities = z.record(z.enum(capabilityNames), z.boolean()) satisfies z.ZodType<Capabilities>

/** How an account signs in: not at all (this computer), with a key and a secret, or with an access token. */
export const SignInWay = z.enum(['none', 'key', 'token'])
export type SignInWay = z.infer<typeof SignInWay>

/** An account. `this-computer` is the local service; `server` is any other. */
export const Account = z.object({
  id: AccountId,
  kind: z.enum(['this-computer', 'server']),
  /** The user name once known, until then the host; never a secret. */
  name: z.string(),
  /** Base URL of a server, null for this computer. */
  address: z.string().nullable(),
  /**
   * `connecting`: first request pending, or the service is starting; `signed-in`; `signed-out`: the secret is missing or refused;
   * `unreachable`: no response, retried automatically.
   */
  state: z.enum(['connecting', 'signed-in', 'signed-out', 'unreachable']),
  /** Why it is signed out or unreachable, in one sentence. */
  problem: z.string().nullable(),
  keeping: SecretKeeping,
  signsInWith: SignInWay,
  /** What its service can do, as far as is known. */
  capabilities: AccountCapabilities,
  /** Origins that may get its token besides its own server, because the person agreed. */
  trustedOrigins: z.array(z.string()),
})
export type Account = z.infer<typeof Account>

/** The quotas of an account, in bytes, and its limits. Null where the service does not report them. */
export const Quota = z.object({
  userName: z.string(),
  diskTotalBytes: z.number().nullable(),
  diskFreeBytes: z.number().nullable(),
  bandwidthTotalBytes: z.number().nullable(),
  bandwidthLeftBytes: z.number().nullable(),
  activeLimit: z.number().int().nullable(),
  largestFileBytes: z.number().nullable(),
  /**
   * What is in the trash; null if the service has none. `items` is null if it is not reported. `isCounted`: it is known to take disk space
   * until it is emptied; of other services, that is not known.
   */
  trash: z
    .object({ items: z.number().int().min(0).nullable(), sizeBytes: z.number().min(0), isCounted: z.boolean() })
    .nullable(),
})
export type Quota = z.infer<typeof Quota>

/** Another user whose shared items can be listed through `folderId`. Source: API v1 §9.2. */
export const Friend = z.object({ id: z.number().int(), name: z.string(), folderId: z.number().int() })
export type Friend = z.infer<typeof Friend>
