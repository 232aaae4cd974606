import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, describe, expect, it } from 'vitest'
import { extractArchive } from '../../server/archive/extract.ts'
import { findArchives } from '../../server/archive/find-archives.ts'
import { makeTree, run, treeFrom, treeOf } from '../support/archives.ts'
import { has } from '../support/facilities.ts'
import { commandLines } from '../support/processes.ts'
import { until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const limits = { maxBytes: 1e9 }
const rounds = Number(process.env.PUTDESK_ROUNDS ?? 4)
let home = ''
let source = ''

beforeAll(() => {
  home = temporaryFolder('kill')
  source = makeTree(join(home, 'source'))
})

describe('an extraction that is killed (F25)', () => {
  it.each([
    ['x.zip', 'zip'],
    ['x.7z', '7z'],
    ['x.tar.gz', 'tar.gz'],
  ])('gives the same tree after kill -9 at any moment: %s', async (name) => {
    const { archive, many, into } = packMany(name)
    let killed = 0
    for (let round = 0; round < rounds; round++)
      killed += (await killAt(archive, name, { into, percent: 5 + (round * 90) / rounds })) ? 1 : 0
    expect(killed).toBeGreaterThan(0)
    const [set] = await findArchives([{ name, path: archive }])
    if (set === undefined) throw new Error('No archive was found.')
    const first = await extractArchive(set, { into, limits })
    expect(treeFrom(first)).toEqual(treeOf(many))
    expect(readdirSync(into).sort()).toEqual(first.files.map((_file, index) => `${index}`).sort())
  })

  it.runIf(has('/proc'))('leaves no unpacking program running', async () => {
    const { archive, into } = packMany('x.7z')
    expect(await killAt(archive, 'x.7z', { into, percent: 5 })).toBe(true)
    await until(
      async () => [...commandLines().values()].filter((line) => line.includes('7zz') && line.includes('-so')),
      (lines) => lines.length === 0,
    )
  })
})

/** An archive of 150 files, and the folder for what is unpacked. */
function packMany(name: string): { archive: string; many: string; into: string } {
  const folder = mkdtempSync(join(home, 'made-'))
  const many = join(folder, 'many')
  for (let n = 0; n < 150; n++) {
    mkdirSync(join(many, `${n % 20}`), { recursive: true })
    copyFileSync(join(source, 'noise.bin'), join(many, `${n % 20}/${n}.bin`))
  }
  const archive = join(folder, name)
  if (name === 'x.tar.gz') packTar(many, archive)
  else run(many, '7zz', 'a', '-bd', '-mx=0', '--', archive, '.')
  return { archive, many, into: join(folder, 'out') }
}

/** The tar.gz that a Unix program makes, in two steps of 7-Zip. */
function packTar(folder: string, archive: string): void {
  const tar = archive.replace(/\.gz$/, '')
  run(folder, '7zz', 'a', '-bd', '--', tar, '.')
  run(folder, '7zz', 'a', '-bd', '-mx=1', '--', archive, tar)
  rmSync(tar)
}

/** Unpacks in a process that is killed once it reports a percentage; false when it finished before. */
async function killAt(archive: string, name: string, { into, percent }: { into: string; percent: number }) {
  const program = join(import.meta.dirname, '../support/extract-once.ts')
  const child = spawn(process.execPath, ['--no-warnings', program, archive, name, into], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  createInterface(child.stdout).on('line', (line) => {
    if (Number(line) >= percent) child.kill('SIGKILL')
  })
  await gone
  if (child.signalCode === null) rmSync(into, { recursive: true, force: true })
  return child.signalCode === 'SIGKILL'
}
