import { safeStorage } from 'electron'
import type { SecretKeeper } from '../backend/secrets/vault.ts'

/** Newer versions of Electron have asynchronous calls, and later ones only those; the oldest we support has none. */
const hasAsync = 'encryptStringAsync' in safeStorage

/** The operating system's secret storage. Linux' `basic_text` does not protect anything. */
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
      // The system has changed or lost its key: the secret is lost, and the person signs in again.
      return null
    }
  },
}
