import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/**
 * Identifies this boot of the computer: within one boot, what was written can be read back even if it was never forced to the
 * disk. Where the system has no boot id it is the minute of the start; a wrong guess only costs some bytes fetched again.
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return `started ${Math.round((Date.now() / 1000 - uptime()) / 60)}`
  }
}
