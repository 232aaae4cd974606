import { mkdtempSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'
import { removeTemporaryFolders } from './temp-folder.ts'

// Runs before every test file, and gives it a temporary folder of its own, so that the folder's name shows which file left
// something in it.

// Workers that run at the same time have different numbers.
const displays = process.env.PUTDESK_TEST_DISPLAYS?.split(' ') ?? []
const display = displays[(Number(process.env.VITEST_POOL_ID ?? 1) - 1) % displays.length]
if (display !== undefined) process.env.DISPLAY = display

const folder = mkdtempSync(join(tmpdir(), 'file-'))
process.env.TMPDIR = folder
let name = 'unknown'

beforeEach(({ task }) => {
  name = basename(task.file.filepath, '.ts')
})

// The first hook that is registered, so the last to run.
afterAll(() => {
  removeTemporaryFolders()
  if (readdirSync(folder).length === 0) rmdirSync(folder)
  else renameSync(folder, folder.replace(/file-(?=[^-]*$)/, `${name}-`))
})
