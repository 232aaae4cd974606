import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../server/core/data/database.ts'
import { has } from '../support/facilities.ts'
import { serviceEntry } from '../support/service.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

function newFolder(): string {
  const folder = temporaryFolder('folder')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A data folder that a service has already used. */
function used(folder = newFolder()): string {
  openDatabase(folder).close()
  return folder
}

/** Makes a data folder that cannot be used, and returns its path. */
type Case = [what: string, make: () => string, sentence: RegExp]

const anyone: Case[] = [
  [
    'that is a file',
    () => {
      const path = join(newFolder(), 'file')
      writeFileSync(path, 'x')
      return path
    },
    /^“\S+[\\/]file” is not a folder: move it away, or use another folder\.$/,
  ],
  [
    'below a file',
    () => {
      const path = join(newFolder(), 'file')
      writeFileSync(path, 'x')
      return join(path, 'data')
    },
    /^“\S+[\\/]file[\\/]data” is not a folder/,
  ],
  ['with a path that is too long', () => join(newFolder(), 'x'.repeat(300)), /^The path “\S+…x+” is too long: use/],
  [
    'with a file in place of “content”',
    () => {
      const folder = newFolder()
      writeFileSync(join(folder, 'content'), 'x')
      return folder
    },
    /^“\S+[\\/]content” is not a folder/,
  ],
  [
    'with a folder in place of the lock',
    () => {
      const folder = newFolder()
      mkdirSync(join(folder, 'lock.db'))
      return folder
    },
    /^“\S+[\\/]lock\.db” is a folder where a file is needed: move it away, then start again\.$/,
  ],
]

const linked: Case[] = [
  [
    'with a dangling link in place of “parts”',
    () => {
      const folder = newFolder()
      symlinkSync('/nowhere/at/all', join(folder, 'parts'))
      return folder
    },
    /^“\S+[\\/]parts” is (a link that leads nowhere|not a folder|not there)/,
  ],
  [
    'with a link to a text file in place of the lock',
    () => {
      const folder = newFolder()
      writeFileSync(join(folder, 'notes.txt'), 'my notes, '.repeat(100))
      symlinkSync(join(folder, 'notes.txt'), join(folder, 'lock.db'))
      return folder
    },
    /^“\S+[\\/]lock\.db” cannot be used as a lock: move it away, then start again\.$/,
  ],
  [
    'with a dangling link in place of the list',
    () => {
      const folder = used()
      rmSync(join(folder, 'putdesk.db'))
      symlinkSync('/nowhere/putdesk.db', join(folder, 'putdesk.db'))
      return folder
    },
    /^“\S+[\\/]putdesk\.db” is a link that leads nowhere: bring back what it leads to, or remove it\.$/,
  ],
]

const nobody: Case[] = [
  [
    'without write permission',
    () => {
      const folder = newFolder()
      chmodSync(folder, 0o755)
      return folder
    },
    /^Putdesk may not use “\S+”: give your user the right to read and write it, or use another folder\.$/,
  ],
  [
    'in a folder without write permission',
    () => {
      const folder = newFolder()
      chmodSync(folder, 0o755)
      return join(folder, 'data')
    },
    /^Putdesk may not use “\S+[\\/]data”: give your user/,
  ],
  [
    'of another user',
    () => {
      const folder = used()
      chmodSync(folder, 0o755)
      return folder
    },
    /^Putdesk may not use “\S+”: give your user/,
  ],
]

const mounted: Case[] = [
  [
    'on a read-only disk',
    () => {
      const disk = mountSmallDisk(4)
      onTestFinished(disk.stop)
      used(disk.folder)
      disk.makeReadOnly()
      return disk.folder
    },
    /^“\S+” cannot be written to: make it writable, or use another folder\.$/,
  ],
  [
    'on a full disk',
    () => {
      const disk = mountSmallDisk(1)
      onTestFinished(disk.stop)
      const ballast = join(disk.folder, 'of another program')
      writeFileSync(ballast, '')
      for (let size = 1024 * 1024; size > 0; size -= 4096) {
        try {
          writeFileSync(ballast, Buffer.alloc(size))
          break
        } catch {
          truncateSync(ballast, 0)
        }
      }
      return join(disk.folder, 'data')
    },
    /^The disk with “\S+” is full: free some space, then start again\.$/,
  ],
]

describe('a data folder', () => {
  it.each(anyone)('%s is refused with one sentence, the same for the app', async (_what, make, sentence) => {
    await refused(make(), sentence, null)
  })

  it.runIf(has('symbolic links')).each(linked)(
    '%s is refused with one sentence, the same for the app',
    async (_what, make, sentence) => {
      await refused(make(), sentence, null)
    },
  )

  it.runIf(has('a user who is root')).each(nobody)(
    '%s is refused with one sentence, the same for the app',
    async (_what, make, sentence) => {
      await refused(make(), sentence, 65_534)
    },
  )

  it.runIf(has('tmpfs')).each(mounted)(
    '%s is refused with one sentence, the same for the app',
    async (_what, make, sentence) => {
      await refused(make(), sentence, null)
    },
  )
})

it.each(['garbage', '', '{}', 'SQLite format 3\0 and then something else'])(
  'locks the data folder with a lock file that holds “%s”',
  (text) => {
    const folder = newFolder()
    writeFileSync(join(folder, 'lock.db'), text.repeat(50))
    const first = openDatabase(folder)
    expect(() => openDatabase(folder)).toThrow(`Another Putdesk service is using the data folder “${folder}”.`)
    first.close()
    openDatabase(folder).close()
  },
)

async function refused(data: string, sentence: RegExp, uid: number | null): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', serviceEntry, '--parent', '--data', data], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid !== null && { uid, gid: uid }),
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  child.stdin.write(`${JSON.stringify({ start: { key: 'pk', secret: 'ps' } })}\n`)
  const code = await new Promise((resolve) => child.once('close', resolve))
  const lines = output.err.trimEnd().split('\n')
  expect([code, lines]).toEqual([1, [expect.stringMatching(sentence)]])
  expect(JSON.parse(output.out)).toEqual({ ready: false, reason: lines[0] })
}
