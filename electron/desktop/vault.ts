import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { safeStorage } from 'electron'
import type { Vault } from '../backend/host.ts'

interface Entry {
  protection: 'protected' | 'plain'
  /** Base64: of the encrypted secret, or of the secret itself where the person chose a plain file. */
  value: string
}

/** Newer runtimes have calls that do not block, and later ones only those; the oldest we run on has none. */
const hasAsync = 'encryptStringAsync' in safeStorage

/**
 * Secrets in a private file (0600), encrypted by the system's own keeper of secrets. Where that offers no real protection
 * (none at all, or Linux' `basic_text`), an entry lies there in plain, and only because the person chose so.
 */
export function createVault(path: string): Vault {
  let entries: Promise<Map<string, Entry>> | null = null
  const load = () => {
    entries ??= readEntries(path)
    return entries
  }
  return {
    protection: async () => ((await isProtected()) ? 'protected' : 'plain'),
    read: async (name) => {
      const entry = (await load()).get(name)
      if (entry === undefined) return null
      const bytes = Buffer.from(entry.value, 'base64')
      return entry.protection === 'plain' ? bytes.toString('utf8') : decrypt(bytes)
    },
    write: async (name, secret) => {
      const protection = (await isProtected()) ? 'protected' : 'plain'
      const bytes = protection === 'protected' ? await encrypt(secret) : Buffer.from(secret, 'utf8')
      const known = await load()
      known.set(name, { protection, value: bytes.toString('base64') })
      await writeEntries(path, known)
      return protection
    },
    remove: async (name) => {
      const known = await load()
      if (known.delete(name)) await writeEntries(path, known)
    },
  }
}

async function isProtected(): Promise<boolean> {
  const isAvailable = hasAsync ? await safeStorage.isAsyncEncryptionAvailable() : safeStorage.isEncryptionAvailable()
  if (!isAvailable) return false
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text'
}

async function encrypt(secret: string): Promise<Buffer> {
  return hasAsync ? safeStorage.encryptStringAsync(secret) : safeStorage.encryptString(secret)
}

async function decrypt(encrypted: Buffer): Promise<string | null> {
  try {
    return hasAsync ? (await safeStorage.decryptStringAsync(encrypted)).result : safeStorage.decryptString(encrypted)
  } catch {
    // The system's keeper has changed or lost its key: as good as no secret, the person signs in again.
    return null
  }
}

async function readEntries(path: string): Promise<Map<string, Entry>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    // No vault yet.
    return new Map()
  }
  try {
    const kept: unknown = JSON.parse(text)
    return new Map(Object.entries(typeof kept === 'object' && kept !== null ? kept : {}).filter(isEntry))
  } catch {
    // Damaged: kept aside for whoever wants to look, and the person signs in again.
    await rename(path, `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`)
    return new Map()
  }
}

function isEntry(pair: [string, unknown]): pair is [string, Entry] {
  const [, entry] = pair
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'value' in entry &&
    typeof entry.value === 'string' &&
    'protection' in entry &&
    (entry.protection === 'protected' || entry.protection === 'plain')
  )
}

async function writeEntries(path: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
}
