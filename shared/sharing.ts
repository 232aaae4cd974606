import * as z from 'zod'

/** The name of a user of a service. */
const UserName = z.string().min(1).max(200)

/** More people than this are not chosen one by one. */
export const maxPeople = 100

/** A page that shows an item to everyone who has its address, until the link expires or is removed. */
export const PublicLink = z.object({
  id: z.number().int(),
  page: z.string(),
  /** Null if the service does not tell it. */
  expiresAtMs: z.number().nullable(),
})
export type PublicLink = z.infer<typeof PublicLink>

/** With whom an item is shared: with everyone, or with some users by their names. */
export const Audience = z.object({ isEveryone: z.boolean(), people: z.array(UserName).max(maxPeople) })
export type Audience = z.infer<typeof Audience>

/** Who can read an item, besides its owner. */
export const ItemAccess = z.object({
  audience: Audience,
  /** The users whom it can be shared with. */
  friends: z.array(UserName),
  /** Null if there is none, or if the account cannot make any. */
  link: PublicLink.nullable(),
})
export type ItemAccess = z.infer<typeof ItemAccess>
