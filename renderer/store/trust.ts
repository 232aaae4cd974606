import type { AccountId } from '../../shared/account.ts'
import { AppError } from '../../shared/errors.ts'
import { type MessageId, say } from '../words/say.ts'
import { isCancelled, sentenceAbout, sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'
import { retryAfter } from './toasts.ts'
import type { DialogState } from './ui.ts'
import { final } from './undo.ts'

/** How many characters of a host a row has space for. */
const maxInRow = 22

/** What the person wanted with content of an account. */
interface Wanted {
  accountId: AccountId
  /** The name of the item; null for several. */
  name: string | null
  /** What the button says that trusts the host and does it. */
  label: MessageId
  run(): Promise<void>
}

export interface TrustSlice {
  /**
   * Does what the person wanted, and shows its error in a message. If the token would go to a host that they have not agreed to, the
   * message asks, and its button agrees and does it again.
   */
  attemptThere(wanted: Wanted): Promise<void>
  /** Asks whether an account's token may go to a host. Whatever the answer is, `back` is shown then. */
  askToTrust(accountId: AccountId, origin: string, back?: DialogState | null): void
  /** What waits for it in the backend goes on by itself. */
  trustHost(accountId: AccountId, origin: string): Promise<void>
  distrustHost(accountId: AccountId, origin: string): Promise<void>
}

/** The hosts that may get the token of an account, besides its own server. */
export const trustSlice: Slice<TrustSlice> = (client) => (_set, get) => {
  const distrust = async (accountId: AccountId, origin: string) => {
    await client.call('accounts.distrust', { accountId, origin })
    return null
  }
  const trust = (accountId: AccountId, origin: string) =>
    get().act(async () => {
      await client.call('accounts.trust', { accountId, origin })
      // The backend agrees to a host only where its content was asked for.
      const sentence = say('trust.trusted', { host: hostOf(origin) })
      return { sentence, undo: () => distrust(accountId, origin), redo: null, isQuiet: true }
    })
  return {
    attemptThere: async (wanted) => {
      const { accountId, name, label, run } = wanted
      try {
        await run()
      } catch (error) {
        if (isCancelled(error)) return
        const origin = untrustedOriginOf(error)
        if (origin === null) {
          const sentence = name === null ? sentenceOf(error) : sentenceAbout(name, error)
          const again = () => get().attemptThere(wanted)
          return get().showError(sentence, retryAfter(error, again))
        }
        const again = () =>
          get().attempt(async () => {
            await trust(accountId, origin)
            await get().attemptThere(wanted)
          })
        get().showError(sentenceOf(error), [{ label: say(label), run: () => void again() }])
      }
    },
    askToTrust: (accountId, origin, back = null) => get().open({ kind: 'trust-host', accountId, origin, back }),
    trustHost: (accountId, origin) => get().attempt(() => trust(accountId, origin)),
    distrustHost: (accountId, origin) =>
      get().attempt(() =>
        get().act(async () => {
          await distrust(accountId, origin)
          return final(say('trust.distrusted', { host: hostOf(origin) }))
        }),
      ),
  }
}

/** The host that would get the account's token, if an error says so; otherwise null. */
export function untrustedOriginOf(error: unknown): string | null {
  return error instanceof AppError && error.code === 'untrusted-host' ? error.origin : null
}

/** Host and port of an origin, as the backend writes them: in ASCII. */
export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin
}

/** The same where there is little space: the end of a host tells whose it is, so the beginning of a long one is left out. */
export function shortHostOf(origin: string, maxLength = maxInRow): string {
  const host = hostOf(origin)
  return host.length <= maxLength ? host : `…${host.slice(-maxLength)}`
}
