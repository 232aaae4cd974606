import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** Who may use the service. */
export interface Credentials {
  key: string
  secret: string
  user: string
  /** For downloads without a token; null when they are not allowed. */
  password: string | null
  /** An access token for API v2 that is valid as long as the service runs; null for none. */
  appToken: string | null
}

export interface Account {
  userId: number
  userName: string
  /** True for this user's API key and secret. */
  isSignedBy(key: string, secret: string): boolean
  hasPassword(user: string, password: string): boolean
  /** Grants access to stream URLs: 40 hexadecimal digits that change only with the secret. */
  token: string
  isToken(token: string): boolean
  /** True for the access token of the app that started the service. */
  isAppToken(token: string): boolean
}

/** Derives the token from the secret, so that it is never stored and survives a restart. Source: API v1 §9.3. */
export function createAccount(userId: number, { key, secret, user, password, appToken }: Credentials): Account {
  const token = createHmac('sha256', secret).update(`token of ${key}`).digest('hex').slice(0, 40)
  const isKey = createComparer([key, secret])
  const isToken = createComparer([token])
  const isPassword = password === null ? () => false : createComparer([user, password])
  const isAppToken = appToken === null ? () => false : createComparer([appToken])
  return {
    userId,
    userName: user,
    isSignedBy: (candidateKey, candidateSecret) => isKey([candidateKey, candidateSecret]),
    hasPassword: (candidateUser, candidatePassword) => isPassword([candidateUser, candidatePassword]),
    token,
    isToken: (candidate) => isToken([candidate]),
    isAppToken: (candidate) => isAppToken([candidate]),
  }
}

/** Compares in constant time. */
function createComparer(right: string[]): (candidate: string[]) => boolean {
  const digest = (texts: string[]) => hash('sha256', JSON.stringify(texts), 'buffer')
  const expected = digest(right)
  return (candidate) => timingSafeEqual(digest(candidate), expected)
}
