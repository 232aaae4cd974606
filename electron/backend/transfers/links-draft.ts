import type { HandlersOf } from '../../../shared/contract.ts'
import type { Emit } from '../host/emit.ts'
import { plainLink } from '../secrets/plain-link.ts'
import type { Vault } from '../secrets/vault.ts'
import { extractLinks } from './links.ts'

const entry = 'links that were not added'
/** A longer draft lasts only until the app closes. */
const maxLength = 200_000

export interface LinksDraftOptions {
  vault: Vault
  emit: Emit
}

/**
 * Links that the person has not added yet, over restarts. Links can contain passwords and tokens, so they are in the vault, and without
 * the system's protection only those that contain none are stored.
 */
export class LinksDraft {
  readonly #options: LinksDraftOptions
  #text = ''

  constructor(options: LinksDraftOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    this.#text = (await this.#options.vault.read(entry)) ?? ''
  }

  emitAll(): void {
    this.#options.emit('draft.changed', { text: this.#text })
  }

  handlers(): HandlersOf<'draft'> {
    return {
      'draft.keep': async ({ text }) => {
        if (text === this.#text) return null
        this.#text = text
        await this.#store(text)
        return null
      },
    }
  }

  async #store(text: string): Promise<void> {
    const { vault } = this.#options
    const isProtected = (await vault.protection()) === 'protected'
    const stored = text.length > maxLength ? '' : isProtected ? text : await withoutSecrets(text)
    // A later draft may have come in the meantime.
    if (text !== this.#text) return
    if (stored === '') vault.remove(entry)
    else await vault.write(entry, stored)
  }
}

/** The links of a text that cannot contain a password or a token, one in a line. */
export async function withoutSecrets(text: string): Promise<string> {
  const links = await extractLinks(text, null)
  return links.flatMap((link) => plainLink(link) ?? []).join('\n')
}
