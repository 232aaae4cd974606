import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { JsonFile } from './json-file.ts'

/** Which calls fail now. Simulated, as the file system refuses nothing to root, whom tests may run as. */
const refused = vi.hoisted(() => new Map<string, string>())
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const guard = (call: string) => {
    const code = refused.get(call)
    if (code !== undefined) throw Object.assign(new Error(`${code}: made by a test`), { code })
  }
  const readFileSync = (...args: Parameters<typeof fs.readFileSync>): unknown => {
    guard(`read ${args[0]}`)
    return Reflect.apply(fs.readFileSync, fs, args)
  }
  const writeFileSync: typeof fs.writeFileSync = (...args) => {
    guard('write')
    fs.writeFileSync(...args)
  }
  return { ...fs, readFileSync, writeFileSync }
})

let folder: string
let path: string
const told: string[] = []
const saved: (string | null)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-json-'))
  path = join(folder, 'things.json')
})
afterEach(() => {
  refused.clear()
  told.length = 0
  saved.length = 0
  rmSync(folder, { recursive: true })
})

function open(): JsonFile {
  return new JsonFile({
    path,
    title: 'file of things',
    contents: 'things',
    whatToDo: 'Make them again.',
    groups: { things: { nouns: ['thing', 'things'], isGood: (_name, value) => typeof value === 'number' } },
    copies: [join(folder, 'copy.json'), join(folder, 'copy.1.json')],
    isUsed: false,
    tell: (sentence) => told.push(sentence),
    onSaved: (problem) => saved.push(problem),
  })
}

const things = (file: JsonFile) => Object.fromEntries(file.entries('things'))

it.each(['EACCES', 'EIO', 'EMFILE'])(
  'uses the copy of a file that cannot be read now (%s), and destroys nothing',
  (code) => {
    open().put('things', { a: 1 })
    const before = readFileSync(path, 'utf8')
    refused.set(`read ${path}`, code)
    const file = open()
    expect([things(file), told]).toEqual([
      { a: 1 },
      [expect.stringMatching(/^The file of things cannot be read: .*are back\.$/)],
    ])
    refused.clear()
    expect(readFileSync(path, 'utf8')).toBe(before)
    file.put('things', { b: 2 })
    const aside = readdirSync(folder).find((name) => name.includes('damaged')) ?? ''
    expect(readFileSync(join(folder, aside), 'utf8')).toBe(before)
    expect([things(open()), told.length]).toEqual([{ a: 1, b: 2 }, 1])
  },
)

it.each(['ENOSPC', 'EROFS', 'EIO', 'EACCES'])(
  'keeps a change that cannot be saved (%s), says so, and saves it later',
  (code) => {
    const file = open()
    file.put('things', { a: 1 })
    refused.set('write', code)
    expect(file.put('things', { b: 2 })).toMatch(/^The file of things cannot be saved: [a-zA-Z -]+\. /)
    expect([things(file), things(open())]).toEqual([{ a: 1, b: 2 }, { a: 1 }])
    refused.clear()
    file.close()
    expect([things(open()), saved.at(-1)]).toEqual([{ a: 1, b: 2 }, null])
  },
)

it('keeps a copy from before this run beside the newest copy', () => {
  open().put('things', { a: 1 })
  const file = open()
  for (const b of [1, 2, 3]) file.put('things', { b })
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')).things
  expect([read('copy.json'), read('copy.1.json')]).toEqual([{ a: 1, b: 3 }, { a: 1 }])
})

it('falls back to the older copy, entry by entry', () => {
  open().put('things', { a: 1 })
  open().put('things', { a: 2, b: 2 })
  for (const name of ['things.json', 'copy.json']) writeFileSync(join(folder, name), '')
  expect([things(open()), told]).toEqual([{ a: 1 }, [expect.stringContaining('are back')]])
})

it('does not bring back a removed entry from an older copy', () => {
  open().put('things', { a: 1, b: 2 })
  open().put('things', { a: undefined })
  for (const damage of [() => rmSync(path), () => writeFileSync(path, ''), () => writeFileSync(path, '{}')]) {
    damage()
    expect(things(open())).toEqual({ b: 2 })
  }
})

it('accepts changes by an earlier version, which left the seal as it was, over an intact older copy', () => {
  open().put('things', { a: 1 })
  open().put('things', { b: 1 })
  const text = readFileSync(path, 'utf8').replace('"b": 1', '"b": 2, "c": 3')
  for (const name of ['things.json', 'copy.json']) writeFileSync(join(folder, name), text)
  expect(things(open())).toEqual({ a: 1, b: 2, c: 3 })
})

it('treats a flipped version number as damage, not as a later version', () => {
  open().put('things', { a: 1 })
  writeFileSync(path, readFileSync(path, 'utf8').replace('"version": 1', '"version": 9'))
  open().put('things', { b: 2 })
  expect([things(open()), told]).toEqual([{ a: 1, b: 2 }, [expect.stringContaining('was damaged')]])
})
