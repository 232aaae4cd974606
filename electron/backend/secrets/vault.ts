import { join } from 'node:path'
import * as z from 'zod'
import type { SecretKeeping } from '../../../shared/account.ts'
import { wholeFile } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'

/** The system's secret storage. */
export interface SecretKeeper {
  /** False if it offers no real protection. */
  isProtected(): Promise<boolean>
  encrypt(secret: string): Promise<Buffer>
  /** Null if the keeper has changed or lost its key. */
  decrypt(encrypted: Buffer): Promise<string | null>
}

/** `value` is base64: of the encrypted secret, or of the secret itself if the user chose a plain file. */
const Entry = z.object({ protection: z.enum(['protected', 'plain']), value: z.base64().min(1) })

/** The parts of the backend that the vault depends on. */
export interface VaultOptions {
  folder: string
  keeper: SecretKeeper
  tell(sentence: string): void
  onSaved(problem: string | null): void
}

/**
 * The only place where secrets are stored: a private file (0600), encrypted by the system's secret storage. If that offers no
 * protection, an entry is stored in plain text, and only if the user chose so.
 */
export class Vault {
  readonly #keeper: SecretKeeper
  readonly #file: JsonFile

  constructor({ folder, keeper, tell, onSaved }: VaultOptions) {
    this.#keeper = keeper
    this.#file = new JsonFile({
      path: join(folder, 'vault.json'),
      title: 'file of keys and secrets',
      contents: 'keys and secrets',
      whatToDo: 'Sign in again where an account asks for it, and enter your paid hosters again.',
      groups: {
        [wholeFile]: { nouns: ['entry', 'entries'], isGood: (_name, value) => Entry.safeParse(value).success },
      },
      // No older copy: a secret that was removed must not outlive its removal.
      copies: [join(folder, 'vault.last-good.json')],
      isUsed: false,
      tell,
      onSaved,
    })
  }

  /** How a secret stored now would be protected. */
  async protection(): Promise<Exclude<SecretKeeping, 'session'>> {
    return (await this.#keeper.isProtected()) ? 'protected' : 'plain'
  }

  /** Reads a secret; null if it is missing or can no longer be decrypted. */
  async read(name: string): Promise<string | null> {
    const entry = Entry.safeParse(this.#file.entries(wholeFile).get(name)).data
    if (entry === undefined) return null
    const bytes = Buffer.from(entry.value, 'base64')
    return entry.protection === 'plain' ? bytes.toString('utf8') : this.#keeper.decrypt(bytes)
  }

  /** Stores a secret and returns how. `session`: the file could not be written, so the secret lasts until the app closes. */
  async write(name: string, secret: string): Promise<SecretKeeping> {
    const protection = await this.protection()
    const bytes = protection === 'protected' ? await this.#keeper.encrypt(secret) : Buffer.from(secret, 'utf8')
    const problem = this.#file.put(wholeFile, { [name]: { protection, value: bytes.toString('base64') } })
    return problem === null ? protection : 'session'
  }

  has(name: string): boolean {
    return this.#file.entries(wholeFile).has(name)
  }

  /** Keeps an unreadable entry under another name, in case it becomes readable again. */
  setAside(name: string): void {
    const entry = this.#file.entries(wholeFile).get(name)
    this.#file.put(wholeFile, { [`${name} unread ${new Date().toISOString()}`]: entry, [name]: undefined })
  }

  remove(name: string): void {
    if (this.has(name)) this.#file.put(wholeFile, { [name]: undefined })
  }

  close(): void {
    this.#file.close()
  }
}
