import { rm, writeFile } from 'node:fs/promises'

/**
 * Marks a file as one that came from elsewhere, so that the system warns before it is run. `origin` is an address without a path. Where
 * the system or the volume keeps no such marks, nothing happens.
 *
 * Sources: Microsoft, “Zone.Identifier stream name” ([MS-FSCC] §5.6.1); freedesktop.org, “Common Extended Attributes”.
 */
export async function markOrigin(path: string, origin: string): Promise<void> {
  if (process.platform === 'win32')
    await writeFile(`${path}:Zone.Identifier`, `[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=${origin}\r\n`).catch(
      () => undefined,
    )
  else if (process.platform === 'darwin') await setAttribute(path, 'com.apple.quarantine', quarantineOf(new Date()))
  else await setAttribute(path, 'user.xdg.origin.url', origin)
}

/** Removes the mark of a file that has another name now, where the system keeps it as a file of its own: Wine does. */
export async function removeLooseMark(path: string): Promise<void> {
  if (process.platform === 'win32') await rm(`${path}:Zone.Identifier`, { force: true }).catch(() => undefined)
}

/** Flags (from the internet, not yet opened), the time in hexadecimal seconds, and the program. */
function quarantineOf(time: Date): string {
  return `0081;${Math.floor(time.getTime() / 1000).toString(16)};Putdesk;`
}

let attributes: Promise<typeof import('@napi-rs/xattr') | null> | undefined

async function setAttribute(path: string, name: string, value: string): Promise<void> {
  // It has no build for some systems.
  attributes ??= import('@napi-rs/xattr').catch(() => null)
  await (await attributes)?.setAttribute(path, name, value).catch(() => undefined)
}
