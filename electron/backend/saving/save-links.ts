import { AppError } from '../../../shared/errors.ts'
import type { PutioClient } from '../putio/client.ts'
import type { SavedFile } from './save-listing.ts'

/** To how many origins the servers of one save may redirect with the token. */
const maxTokenOrigins = 20

export interface LinkOptions {
  client(): PutioClient
  isTrusted(origin: string): boolean
  /** Resolves when the answer of `isTrusted` may have changed. */
  whenTrusted(origin: string, stop: AbortSignal): Promise<void>
  /** Aborts when an origin may not get the token any more that may get it now. */
  untilWithdrawn(origin: string): AbortSignal
  onChange(): void
}

/** The links to the files of a save, and the hosts that the person has to agree to before the token is sent there. */
export class SaveLinks {
  readonly #options: LinkOptions
  readonly #isZip: boolean
  /** The origins that files wait for, because the token may not be sent there yet, each with a sentence. */
  readonly #untrusted = new Map<string, string>()
  /** The origins that servers redirect to with the token. Each signal aborts when it may not have it any more. */
  readonly #tokenOrigins = new Map<string, AbortSignal>()

  constructor(options: LinkOptions, { isZip }: { isZip: boolean }) {
    this.#options = options
    this.#isZip = isZip
  }

  /** The first of the origins that the person has to agree to, and why. */
  get question(): { origin: string; sentence: string } | null {
    const [first] = this.#untrusted
    return first === undefined ? null : { origin: first[0], sentence: first[1] }
  }

  /** The origins that servers redirect to with the token, and that may have it. */
  get tokenOrigins(): string[] {
    return [...this.#tokenOrigins].flatMap(([origin, withdrawn]) => (withdrawn.aborted ? [] : origin))
  }

  /** Aborts when the token may not be sent any more to where these links lead. */
  untilWithdrawn(links: readonly string[]): AbortSignal {
    const origins = new Set([...links.map((link) => new URL(link).origin), ...this.tokenOrigins])
    return AbortSignal.any([...origins].map((origin) => this.#options.untilWithdrawn(origin)))
  }

  /**
   * The address from the listing with a token, or else one that the service is asked for. With `isAlone`, the service is also asked when
   * the listed address is on a host that may not have the token.
   */
  async of(
    file: SavedFile,
    listed: string | null,
    { stop, isAlone }: { stop: AbortSignal; isAlone: boolean },
  ): Promise<string> {
    const { question } = this
    // Without one file there is no zip, so the service is not asked for the others.
    if (this.#isZip && question !== null)
      throw new AppError('untrusted-host', question.sentence, { origin: question.origin })
    const client = this.#options.client().during(stop)
    const isTrusted = (origin: string) => this.#options.isTrusted(origin)
    const fresh = async () => (await client.stream(file.itemId, 'save', isTrusted)).url
    if (listed === null) return fresh()
    return client.streamAt({ name: file.name, address: listed }, 'save', isTrusted).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code === 'unreachable') throw error
      // Otherwise the service would be asked again for each file that is there.
      if (error.origin !== null && (!isAlone || this.#untrusted.has(error.origin))) throw error
      return fresh()
    })
  }

  /** True if a file is worth another attempt after a server redirected there with the token. Throws if the token may not go there. */
  async allowRedirect({ name }: SavedFile, origin: string | null): Promise<boolean> {
    const { tokenOrigins } = this
    if (origin === null || tokenOrigins.includes(origin) || tokenOrigins.length >= maxTokenOrigins) return false
    const { client, isTrusted, untilWithdrawn } = this.#options
    await client().checkAddress({ name, address: `${origin}/` }, 'save', isTrusted)
    this.#tokenOrigins.set(origin, untilWithdrawn(origin))
    return true
  }

  /** Does something that needs the token, again and again as long as it may not be sent there. */
  async onceTrusted<T>(ask: () => Promise<T>, stop: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof AppError) || error.origin === null) throw error
        await this.untilTrusted(error.origin, error.message, stop)
      }
    }
  }

  /** Resolves when the token may be sent to an origin, perhaps; the person is asked, with the sentence as the reason. */
  async untilTrusted(origin: string, sentence: string, stop: AbortSignal): Promise<void> {
    this.#untrusted.set(origin, sentence)
    this.#options.onChange()
    await this.#options.whenTrusted(origin, stop)
    this.#untrusted.delete(origin)
    this.#options.onChange()
  }
}
