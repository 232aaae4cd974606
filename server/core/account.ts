import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Who may use the service. */
export interface Credentials {
  key: string
  secret: string
  user: string
  /** For downloads without a token; null: there are none. */
  password: string | null
}

export interface Account {
  userId: number
  userName: string
  /** True for this user's API key and secret. */
  isSignedBy: (key: string, secret: string) => boolean
  hasPassword: (user: string, password: string) => boolean
  /** Makes stream URLs play: 40 hexadecimal digits, the same until the secret changes. */
  token: string
  isToken: (token: string) => boolean
}

/** The token is derived from the secret, so it is never stored and outlives a restart. Source: API v1 §9.3. */
export function createAccount(userId: number, { key, secret, user, password }: Credentials): Account {
  const token = createHmac('sha256', secret).update(`token of ${key}`).digest('hex').slice(0, 40)
  return {
    userId,
    userName: user,
    isSignedBy: (saidKey, saidSecret) => areEqual([saidKey, saidSecret], [key, secret]),
    hasPassword: (saidUser, saidPassword) => password !== null && areEqual([saidUser, saidPassword], [user, password]),
    token,
    isToken: (said) => areEqual([said], [token]),
  }
}

/** Compares in a time that tells nothing about where they differ. */
function areEqual(said: string[], right: string[]): boolean {
  const digest = (texts: string[]) => createHash('sha256').update(JSON.stringify(texts)).digest()
  return timingSafeEqual(digest(said), digest(right))
}
