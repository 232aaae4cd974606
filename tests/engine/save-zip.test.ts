import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { finishZip } from '../../engine/save/save-zip.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

it('never writes to what is in the place of the part file of a zip', async () => {
  const root = temporaryFolder('save-zip')
  const victim = join(root, 'victim')
  writeFileSync(victim, 'precious')
  const [link, pipe] = [join(root, 'link'), join(root, 'pipe')]
  symlinkSync(victim, link)
  execFileSync('mkfifo', [pipe])
  for (const zipPath of [link, pipe])
    await expect(
      finishZip({
        root,
        zipPath,
        targetPath: join(root, 'a.zip'),
        isReplacing: false,
        members: [{ name: 'a/', modifiedAt: new Date(0), file: null }],
        crcs: [0],
        origin: 'about:client',
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ name: 'ZipChanged' })
  expect(readFileSync(victim, 'utf8')).toBe('precious')
})
