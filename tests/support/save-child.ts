import { openSettingsFile } from '../../electron/backend/settings/settings-file.ts'

// Saves one setting after the other in a process that a test can kill, and prints each saved one on standard output.

const [, , folder = ''] = process.argv
const file = openSettingsFile(folder, { tell: (sentence) => process.stdout.write(`told ${sentence}\n`) })
for (let dockHeight = 100; ; dockHeight = dockHeight === 700 ? 100 : dockHeight + 1) {
  const hostsOnMyNetwork = Array.from({ length: 100 }, (_, at) => `host-${at}.of-${dockHeight}.example.com`)
  file.put('settings', { dockHeight, hostsOnMyNetwork })
  process.stdout.write(`saved ${dockHeight}\n`)
}
