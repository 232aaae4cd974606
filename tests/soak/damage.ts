import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chance } from './random.ts'

/** What another program, or a failing disk, may do to a file. */
const harms: [string, ...string[]] = ['emptied', 'cut in half', 'zeroed', 'one bit flipped', 'removed', 'lengthened']

/** Damages the list of files, its journal or its copy. Returns what was done. */
export function damageDatabase(data: string, chance: Chance): string {
  return harm(join(data, chance.pick(['putdesk.db', 'putdesk.db-wal', 'putdesk.backup.db'])), chance)
}

/** Damages the lock, which has no value in itself. */
export function damageLock(data: string): string {
  writeFileSync(join(data, 'lock.db'), 'garbage of another program')
  return 'lock.db overwritten'
}

/** Damages a file that is being fetched and has no second name in the space. Returns null when there is none. */
export function damagePart(data: string, chance: Chance): string | null {
  const parts = join(data, 'parts')
  const files = readdirSync(parts, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).nlink === 1 && statSync(path).size > 0)
  const path = files[chance.below(files.length)]
  if (path === undefined) return null
  const bytes = readFileSync(path)
  const at = chance.below(bytes.length)
  const what = chance.pick(['lengthened', 'zeros inside', 'cut', 'overwritten inside'])
  if (what === 'lengthened') writeFileSync(path, chance.bytes(4096), { flag: 'a' })
  else if (what === 'cut') truncateSync(path, at)
  else {
    const length = Math.min(8192, bytes.length - at)
    const wrong = what === 'zeros inside' ? Buffer.alloc(length) : chance.bytes(8192).subarray(0, length)
    writeFileSync(path, Buffer.concat([bytes.subarray(0, at), wrong, bytes.subarray(at + length)]))
  }
  return `${path}: ${what}`
}

function harm(path: string, chance: Chance): string {
  const what = chance.pick(harms)
  if (!existsSync(path)) return `${path} is not there`
  const bytes = readFileSync(path)
  if (what === 'removed') rmSync(path)
  else if (what === 'emptied') truncateSync(path, 0)
  else if (what === 'cut in half') truncateSync(path, bytes.length >> 1)
  else if (what === 'zeroed') writeFileSync(path, Buffer.alloc(bytes.length))
  else if (what === 'lengthened') writeFileSync(path, chance.bytes(4096), { flag: 'a' })
  else if (bytes.length > 0) {
    const at = chance.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
    writeFileSync(path, bytes)
  }
  return `${path}: ${what}`
}
