import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { Vault } from './vault.ts'

const entry = 'key of the links in the history'
const cipher = 'aes-256-gcm'
const [keyBytes, nonceBytes, tagBytes] = [32, 12, 16]
const Links = z.array(z.string())

/**
 * Encrypts links that may contain a secret, for files outside the vault; the key is in the vault. Without the system's protection there
 * is no key, and nothing is encrypted.
 */
export class LinkSeal {
  readonly #vault: Vault
  readonly #key: Buffer | null
  readonly #onError: (error: unknown) => void
  /** Resolves to true when the key is stored; null before it was used. */
  #storing: Promise<boolean> | null

  private constructor(vault: Vault, key: Buffer | null, isStored: boolean, onError: (error: unknown) => void) {
    this.#vault = vault
    this.#key = key
    this.#storing = isStored ? Promise.resolve(true) : null
    this.#onError = onError
  }

  /** Reads the key, or makes one, which is stored when it is used first. */
  static async open(vault: Vault, onError: (error: unknown) => void): Promise<LinkSeal> {
    if ((await vault.protection()) !== 'protected') return new LinkSeal(vault, null, true, onError)
    const kept = Buffer.from((await vault.read(entry)) ?? '', 'base64')
    const isGood = kept.length === keyBytes
    return new LinkSeal(vault, isGood ? kept : randomBytes(keyBytes), isGood, onError)
  }

  /** Stores the key before anything is encrypted with it. False if there is none, or it could not be stored. */
  async prepare(): Promise<boolean> {
    if (this.#key === null) return false
    return this.#store(this.#key).catch(() => false)
  }

  /** The links in a form that only this app can read; null if nothing protects the key. */
  seal(links: readonly string[]): string | null {
    if (this.#key === null) return null
    this.#store(this.#key).catch(this.#onError)
    const nonce = randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, this.#key, nonce)
    const text = Buffer.concat([encryption.update(JSON.stringify(links)), encryption.final()])
    return Buffer.concat([nonce, encryption.getAuthTag(), text]).toString('base64')
  }

  /** The links that were sealed; none if the key was lost. */
  unseal(sealed: string): string[] {
    if (this.#key === null) return []
    const bytes = Buffer.from(sealed, 'base64')
    try {
      const decryption = createDecipheriv(cipher, this.#key, bytes.subarray(0, nonceBytes))
      decryption.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const text = Buffer.concat([decryption.update(bytes.subarray(nonceBytes + tagBytes)), decryption.final()])
      return Links.parse(JSON.parse(text.toString('utf8')))
    } catch {
      // Sealed with another key.
      return []
    }
  }

  #store(key: Buffer): Promise<boolean> {
    if (this.#storing !== null) return this.#storing
    // One that cannot be read now may become readable again.
    if (this.#vault.has(entry)) this.#vault.setAside(entry)
    const storing = this.#vault.write(entry, key.toString('base64')).then((protection) => protection === 'protected')
    this.#storing = storing
    return storing
  }
}
