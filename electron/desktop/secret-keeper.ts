import { safeStorage } from 'electron'
import type { SecretKeeper } from '../backend/secrets/vault.ts'

/** Newer runtimes have calls that do not block, and later ones only those; the oldest we run on has none. */
const hasAsync = 'encryptStringAsync' in safeStorage

/** The system's keeper of secrets. Linux' `basic_text` is no protection. */
export const systemKeeper: SecretKeeper = {
  isProtected: async () => {
    const isAvailable = hasAsync ? await safeStorage.isAsyncEncryptionAvailable() : safeStorage.isEncryptionAvailable()
    if (!isAvailable) return false
    return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text'
  },
  encrypt: async (secret) => (hasAsync ? safeStorage.encryptStringAsync(secret) : safeStorage.encryptString(secret)),
  decrypt: async (encrypted) => {
    try {
      return hasAsync ? (await safeStorage.decryptStringAsync(encrypted)).result : safeStorage.decryptString(encrypted)
    } catch {
      // The system's keeper has changed or lost its key: as good as no secret, the person signs in again.
      return null
    }
  },
}
