import { mkdtempSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'
import { removeTemporaryFolders } from './temp-folder.ts'

// Runs in front of every test file, which thereby has a temporary folder of its own. What is left in it tells, by the folder's name,
// which file left it.

const folder = mkdtempSync(join(tmpdir(), 'file-'))
process.env.TMPDIR = folder
let name = 'unknown'

beforeEach(({ task }) => {
  name = basename(task.file.filepath, '.ts')
})

// The first hook of all, so the last to end.
afterAll(() => {
  removeTemporaryFolders()
  if (readdirSync(folder).length === 0) rmdirSync(folder)
  else renameSync(folder, folder.replace(/file-(?=[^-]*$)/, `${name}-`))
})
