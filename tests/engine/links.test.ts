import { constants, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlain } from '../../engine/disk/open-plain.ts'
import { has } from '../support/facilities.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-links-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

// With this system’s flag, and without one, as on systems that have none.
describe.each([[constants.O_NOFOLLOW], [undefined]])('openPlain with the no-follow flag %s', (noFollow) => {
  it('creates a file and opens it again', async () => {
    const path = join(folder, 'file')
    const made = await openPlain(path, constants.O_RDWR | constants.O_CREAT, { noFollow })
    await made.writeFile('words')
    await made.close()
    const opened = await openPlain(path, constants.O_RDONLY, { noFollow })
    expect(await opened.readFile('utf8')).toBe('words')
    await opened.close()
  })

  it.runIf(has('symbolic links'))('never follows a symbolic link', async () => {
    writeFileSync(join(folder, 'other'), 'of somebody else')
    const path = join(folder, 'link')
    symlinkSync(join(folder, 'other'), path)
    await expect(openPlain(path, constants.O_RDWR, { noFollow })).rejects.toMatchObject({ code: 'ELOOP' })
  })
})
