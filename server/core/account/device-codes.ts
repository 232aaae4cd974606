import { randomInt, timingSafeEqual } from 'node:crypto'

/** A device that asks to be signed in, as it calls itself. */
interface Device {
  app: string
  name: string
}

/** Codes by which devices are signed in: a person types what the device shows. Source: API v2 §2.3. */
export interface DeviceCodes {
  /** A new code; null while too many are open. */
  issue(device: Device): string | null
  /** The device with this code; null if there is none, or if the code has expired. */
  find(code: string): Device | null
  /** Notes which user the device may sign in as. Returns the device; null if there is none. */
  approve(code: string, userId: number): Device | null
  /** Who has approved the device; null while nobody has. Then the code is used up. Undefined for an unknown code. */
  take(code: string): { userId: number; device: Device } | null | undefined
  /** A code that proves that someone is at the app of this user: six digits. The one before is void. */
  prove(userId: number): { code: string; seconds: number }
  /** Whose proof this is. It is used up; after a few wrong ones, all are. */
  checkProof(code: string): number | null
}

const codeMs = 15 * 60_000
const proofMs = 5 * 60_000
const maxOpen = 200
const maxTries = 5
/** Without those that are taken for each other. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const codeLength = 8

interface Open {
  device: Device
  endMs: number
  userId: number | null
}

interface Proof {
  code: string
  endMs: number
  triesLeft: number
}

export function createDeviceCodes(now: () => number = () => performance.now()): DeviceCodes {
  const open = new Map<string, Open>()
  const proofs = new Map<number, Proof>()
  const get = (text: string): [code: string, found: Open | null] => {
    const code = plain(text)
    const found = open.get(code)
    if (found !== undefined && found.endMs > now()) return [code, found]
    open.delete(code)
    return [code, null]
  }
  return {
    issue: ({ app, name }) => {
      for (const [code, { endMs }] of open) if (endMs <= now()) open.delete(code)
      if (open.size >= maxOpen) return null
      const code = Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('')
      open.set(code, { device: { app, name }, endMs: now() + codeMs, userId: null })
      return code
    },
    find: (text) => get(text)[1]?.device ?? null,
    approve: (text, userId) => {
      const [, found] = get(text)
      if (found === null || (found.userId !== null && found.userId !== userId)) return null
      found.userId = userId
      return found.device
    },
    take: (text) => {
      const [code, found] = get(text)
      if (found === null) return undefined
      if (found.userId === null) return null
      open.delete(code)
      return { userId: found.userId, device: found.device }
    },
    prove: (userId) => {
      const code = `${randomInt(1_000_000)}`.padStart(6, '0')
      proofs.set(userId, { code, endMs: now() + proofMs, triesLeft: maxTries })
      return { code, seconds: proofMs / 1000 }
    },
    checkProof: (text) => {
      let owner: number | null = null
      for (const [userId, proof] of proofs) {
        if (proof.endMs > now() && isSame(proof.code, text.replaceAll(/\s/g, ''))) owner = userId
        proof.triesLeft -= 1
        if (proof.endMs <= now() || proof.triesLeft <= 0) proofs.delete(userId)
      }
      if (owner !== null) proofs.delete(owner)
      return owner
    },
  }
}

/** As people type it: in any case, with spaces and hyphens. */
function plain(code: string): string {
  return code.toUpperCase().replaceAll(/[\s-]/g, '')
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b.replaceAll(/[^\x20-\x7e]/g, '?')))
}
