import { join } from 'node:path'
import * as z from 'zod'
import type { SecretKeeping } from '../../../shared/account.ts'
import { wholeFile } from '../files/json-content.ts'
import { JsonFile } from '../files/json-file.ts'

/** The system's own keeper of secrets. */
export interface SecretKeeper {
  /** False where it offers no real protection. */
  isProtected(): Promise<boolean>
  encrypt(secret: string): Promise<Buffer>
  /** Null where the keeper has changed or lost its key. */
  decrypt(encrypted: Buffer): Promise<string | null>
}

/** `value` is base64: of the encrypted secret, or of the secret itself where the person chose a plain file. */
const Entry = z.object({ protection: z.enum(['protected', 'plain']), value: z.base64().min(1) })

/** What the vault needs of the backend around it. */
export interface VaultOptions {
  folder: string
  keeper: SecretKeeper
  tell(sentence: string): void
  onSaved(problem: string | null): void
}

/**
 * The only place where secrets rest: a private file (0600), encrypted by the system's keeper. Where that offers no protection, an
 * entry lies there in plain, and only because the person chose so.
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

  /** How a secret kept here would be protected. */
  async protection(): Promise<Exclude<SecretKeeping, 'session'>> {
    return (await this.#keeper.isProtected()) ? 'protected' : 'plain'
  }

  /** Null for a secret that is not there, or that nobody can read any more. */
  async read(name: string): Promise<string | null> {
    const entry = Entry.safeParse(this.#file.entries(wholeFile).get(name)).data
    if (entry === undefined) return null
    const bytes = Buffer.from(entry.value, 'base64')
    return entry.protection === 'plain' ? bytes.toString('utf8') : this.#keeper.decrypt(bytes)
  }

  /** Keeps a secret; answers with how. `session`: the file could not be written, so it lasts until the app closes. */
  async write(name: string, secret: string): Promise<SecretKeeping> {
    const protection = await this.protection()
    const bytes = protection === 'protected' ? await this.#keeper.encrypt(secret) : Buffer.from(secret, 'utf8')
    const problem = this.#file.put(wholeFile, { [name]: { protection, value: bytes.toString('base64') } })
    return problem === null ? protection : 'session'
  }

  has(name: string): boolean {
    return this.#file.entries(wholeFile).has(name)
  }

  /** Keeps an entry under another name, for what may be able to read it one day. */
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
