import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Puts a `vlc` into a folder that starts the real one without a screen and without sound. It refuses to run as root: for root, it
 * runs as another user of a namespace, who owns the same files. It answers commands on the socket `vlc-<process id>.sock`.
 */
export function headlessVlc(folder: string): void {
  const path = join(folder, 'vlc')
  const asUser = process.getuid?.() === 0 ? 'unshare --user --map-user=1000 --map-group=1000 ' : ''
  const options = `-I oldrc --rc-fake-tty --rc-unix=${folder}/vlc-$$.sock --vout=dummy --aout=dummy --no-one-instance`
  writeFileSync(path, `#!/bin/sh\nexec ${asUser}/usr/bin/vlc ${options} "$@"\n`)
  chmodSync(path, 0o755)
}
