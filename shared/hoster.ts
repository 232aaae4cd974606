import * as z from 'zod'
import { SecretKeeping } from './account.ts'
import { HostName } from './settings.ts'

/** A paid hoster that the local service may use on the person's behalf. Its credentials are never sent back to the window. */
export const Hoster = z.object({
  host: HostName,
  /** What kind of credentials is stored. */
  signsInWith: z.enum(['password', 'cookie']),
  keeping: SecretKeeping,
})
export type Hoster = z.infer<typeof Hoster>

/** The credentials that the person enters for a paid hoster. */
export const HosterSignIn = z.object({
  host: HostName,
  signIn: z.discriminatedUnion('with', [
    z.object({ with: z.literal('password'), user: z.string().min(1).max(512), password: z.string().min(1).max(512) }),
    z.object({ with: z.literal('cookie'), cookie: z.string().min(1).max(8192) }),
  ]),
})
export type HosterSignIn = z.infer<typeof HosterSignIn>
