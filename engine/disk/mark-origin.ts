import { rmSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'

/**
 * Marks a file as one that came from elsewhere, so that the system warns before it is run. `origin` is an address without a path. Where
 * the system or the volume keeps no such marks, nothing happens.
 *
 * Sources: Microsoft, “Zone.Identifier stream name” ([MS-FSCC] §5.6.1); freedesktop.org, “Common Extended Attributes”.
 */
export async function markOrigin(path: string, origin: string): Promise<void> {
  if (process.platform === 'win32') await writeFile(zoneOf(path), zoneText(origin)).catch(() => undefined)
  else {
    const { name, value } = attributeOf(origin)
    await (await attributes())?.setAttribute(path, name, value).catch(() => undefined)
  }
}

/** Removes the mark of a file that has another name now, where the system keeps it as a file of its own: Wine does. */
export async function removeLooseMark(path: string): Promise<void> {
  if (process.platform === 'win32') await rm(zoneOf(path), { force: true }).catch(() => undefined)
}

/** Both for a thread of its own, which they block. */
export async function blockingMarks(): Promise<{
  markOrigin(path: string, origin: string): void
  removeLooseMark(path: string): void
}> {
  const module = await attributes()
  const isWindows = process.platform === 'win32'
  return {
    markOrigin: (path, origin) => {
      const { name, value } = attributeOf(origin)
      try {
        if (isWindows) writeFileSync(zoneOf(path), zoneText(origin))
        else module?.setAttributeSync(path, name, value)
      } catch {
        // The volume keeps no such marks.
      }
    },
    removeLooseMark: (path) => {
      try {
        if (isWindows) rmSync(zoneOf(path), { force: true })
      } catch {
        // Another program has it open.
      }
    },
  }
}

function zoneOf(path: string): string {
  return `${path}:Zone.Identifier`
}

function zoneText(origin: string): string {
  return `[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=${origin}\r\n`
}

function attributeOf(origin: string): { name: string; value: string } {
  return process.platform === 'darwin'
    ? { name: 'com.apple.quarantine', value: quarantineOf(new Date()) }
    : { name: 'user.xdg.origin.url', value: origin }
}

/** Flags (from the internet, not yet opened), the time in hexadecimal seconds, and the program. */
function quarantineOf(time: Date): string {
  return `0081;${Math.floor(time.getTime() / 1000).toString(16)};Putdesk;`
}

let loading: Promise<typeof import('@napi-rs/xattr') | null> | undefined

/** Null where it has no build for the system. */
function attributes(): Promise<typeof import('@napi-rs/xattr') | null> {
  loading ??= import('@napi-rs/xattr').catch(() => null)
  return loading
}
