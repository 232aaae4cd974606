import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './temp-folder.ts'

/** The home of a person, for an app of its own. */
export interface Home {
  folder: string
  /** The folder for downloads. */
  downloads: string
  environment: Record<string, string>
}

export function makeHome(name: string): Home {
  const folder = temporaryFolder(name)
  const [downloads, config] = [join(folder, 'Downloads'), join(folder, 'config')]
  for (const one of [downloads, config, join(folder, 'applications')]) mkdirSync(one)
  writeFileSync(join(config, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`)
  return { folder, downloads, environment: { XDG_CONFIG_HOME: config, XDG_DATA_HOME: folder } }
}

/** Makes a program of the test's own the system's program for texts. Returns the file to which it writes the path that it was given. */
export function registerOpener({ folder }: Home): string {
  const [opened, opener] = [join(folder, 'opened'), join(folder, 'opener.sh')]
  writeFileSync(opener, `#!/bin/sh\necho "$1" > '${opened}.new'; mv '${opened}.new' '${opened}'\n`, { mode: 0o755 })
  const entry = `[Desktop Entry]\nType=Application\nName=Test\nExec=${opener} %f\nMimeType=text/plain;\n`
  writeFileSync(join(folder, 'applications', 'test.desktop'), entry)
  writeFileSync(join(folder, 'config', 'mimeapps.list'), '[Default Applications]\ntext/plain=test.desktop\n')
  return opened
}
