import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ProgressFile } from './progress-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-progress-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const path = () => join(folder, 'a.jsonl')
const done = { path: 'x/y.bin', isDone: true, inode: '5', resume: null, crc: null }

it('knows after a restart what was noted last', async () => {
  const file = await ProgressFile.open(folder, 'a')
  await file.note(1, { ...done, isDone: false })
  await file.note(2, done)
  await file.note(1, done)
  await file.close()
  const again = await ProgressFile.open(folder, 'a')
  expect([again.get(1), again.get(2), again.get(3)]).toEqual([done, done, null])
  expect(readFileSync(path(), 'utf8').split('\n').length).toBe(3)
  await again.remove()
  expect(existsSync(path())).toBe(false)
})

it.each([
  ['a line cut off', '{"itemId":2,"pa'],
  ['zeros', '\0'.repeat(500)],
  ['another form', '{"itemId":"2"}\n[1]\nnull\n'],
  ['a wrong type', '{"itemId":2,"path":7,"isDone":true,"inode":null,"resume":null}\n'],
])('keeps the other lines when the file ends in %s', async (_what, tail) => {
  const file = await ProgressFile.open(folder, 'a')
  await file.note(1, done)
  await file.close()
  appendFileSync(path(), tail)
  const again = await ProgressFile.open(folder, 'a')
  await again.note(2, done)
  await again.close()
  const last = await ProgressFile.open(folder, 'a')
  expect([last.get(1), last.get(2)]).toEqual([done, done])
})

it('begins empty where something else is in its place', async () => {
  writeFileSync(path(), Buffer.from([0xff, 0xfe, 0x00]))
  expect((await ProgressFile.open(folder, 'a')).all().size).toBe(0)
})

it('goes on after it was closed', async () => {
  const file = await ProgressFile.open(folder, 'a')
  for (const itemId of [1, 2, 3]) {
    await file.note(itemId, done)
    await file.close()
  }
  expect([...(await ProgressFile.open(folder, 'a')).all().keys()]).toEqual([1, 2, 3])
})

it('notes what comes after something that could not be written', async () => {
  const file = await ProgressFile.open(folder, 'a')
  rmSync(path())
  mkdirSync(path())
  await file.note(1, done)
  rmSync(path(), { recursive: true })
  appendFileSync(path(), '{"itemId":1,"pa')
  await file.note(2, done)
  await file.close()
  expect([...(await ProgressFile.open(folder, 'a')).all().keys()]).toEqual([2])
})
