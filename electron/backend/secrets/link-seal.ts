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
  readonly #key: Buffer | null

  private constructor(key: Buffer | null) {
    this.#key = key
  }

  /** Reads the key, or makes and stores one. Without a key if it could not be stored: nothing is encrypted with one that may be lost. */
  static async open(vault: Vault): Promise<LinkSeal> {
    if ((await vault.protection()) !== 'protected') return new LinkSeal(null)
    const kept = Buffer.from((await vault.read(entry)) ?? '', 'base64')
    if (kept.length === keyBytes) return new LinkSeal(kept)
    // One that cannot be read now may become readable again.
    if (vault.has(entry)) vault.setAside(entry)
    const key = randomBytes(keyBytes)
    const keeping = await vault.write(entry, key.toString('base64')).catch(() => 'session')
    return new LinkSeal(keeping === 'protected' ? key : null)
  }

  /** True if there is a key. */
  get canSeal(): boolean {
    return this.#key !== null
  }

  /** The links in a form that only this app can read; null without a key. */
  seal(links: readonly string[]): string | null {
    if (this.#key === null) return null
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
}
