import { createHmac, hash, timingSafeEqual } from 'node:crypto'

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
  isSignedBy(key: string, secret: string): boolean
  hasPassword(user: string, password: string): boolean
  /** Makes stream URLs play: 40 hexadecimal digits, the same until the secret changes. */
  token: string
  isToken(token: string): boolean
}

/** The token is derived from the secret, so it is never stored and outlives a restart. Source: API v1 §9.3. */
export function createAccount(userId: number, { key, secret, user, password }: Credentials): Account {
  const token = createHmac('sha256', secret).update(`token of ${key}`).digest('hex').slice(0, 40)
  const isKey = createComparer([key, secret])
  const isToken = createComparer([token])
  const isPassword = password === null ? () => false : createComparer([user, password])
  return {
    userId,
    userName: user,
    isSignedBy: (candidateKey, candidateSecret) => isKey([candidateKey, candidateSecret]),
    hasPassword: (candidateUser, candidatePassword) => isPassword([candidateUser, candidatePassword]),
    token,
    isToken: (candidate) => isToken([candidate]),
  }
}

/** Compares in a time that tells nothing about where they differ. */
function createComparer(right: string[]): (candidate: string[]) => boolean {
  const digest = (texts: string[]) => hash('sha256', JSON.stringify(texts), 'buffer')
  const expected = digest(right)
  return (candidate) => timingSafeEqual(digest(candidate), expected)
}
