import data from './hosters.json' with { type: 'json' }

/** A person's account at a hoster: a user name and a password, or a cookie. */
export interface HosterAccount {
  host: string
  user: string | null
  password: string | null
  cookie: string | null
}

/**
 * Hosts that serve files only to paying users. What is fetched from them counts against the bandwidth. Source: API v1
 * §8.2.
 */
export interface Hosters {
  isPaid(link: string): boolean
  /** Why a link cannot be fetched, or null. */
  unfetchableReason(link: string): string | null
  /** The credentials for a hoster's own host, and no other. */
  credentialsFor(url: URL): { authorization?: string; cookie?: string } | null
  setAccounts(accounts: readonly HosterAccount[]): void
}

/** `extraHosts` are hosts that the person pays for and that are not in the list. */
export function createHosters(options: {
  accounts: readonly HosterAccount[]
  extraHosts?: readonly string[]
}): Hosters {
  const known = [...data.hosts, ...(options.extraHosts ?? [])]
  let accounts = options.accounts
  let hosts = known
  const setAccounts = (next: readonly HosterAccount[]) => {
    accounts = next
    // An account at a host makes it a paid one.
    hosts = [...next.map(({ host }) => host), ...known].map((host) => host.toLowerCase())
  }
  setAccounts(accounts)
  const hosterOf = (hostname: string) =>
    hosts.find((host) => hostname === host || hostname.endsWith(`.${host}`)) ?? null
  const hostOf = (link: string) => (URL.canParse(link) ? new URL(link).hostname.toLowerCase() : '')
  const accountOf = (hoster: string | null) => accounts.find(({ host }) => host.toLowerCase() === hoster) ?? null
  return {
    setAccounts,
    isPaid: (link) => hosterOf(hostOf(link)) !== null,
    unfetchableReason: (link) => {
      const hoster = hosterOf(hostOf(link))
      if (hoster === null || accountOf(hoster) !== null) return null
      return `“${hoster}” gives files only to its paying users: enter your account there first.`
    },
    credentialsFor: (url) => {
      const account = accountOf(hosterOf(url.hostname.toLowerCase()))
      if (account === null) return null
      const { user, password, cookie } = account
      if (cookie !== null) return { cookie }
      if (user === null) return null
      return { authorization: `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}` }
    },
  }
}
