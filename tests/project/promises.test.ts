import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** A text with its line breaks as blanks. */
const flat = (text: string) => text.replace(/\s+/g, ' ')

const rows = [...read('docs/promises.md').matchAll(/^\| (.+) \| `(.+)` › (.+) \|$/gm)].map(
  ([, promise = '', file = '', title = '']) => ({ promise, file, title }),
)

describe('docs/promises.md', () => {
  it('has a test for each promise', () => {
    expect(rows.length).toBe(read('docs/promises.md').match(/^\| (?!promise \|)/gm)?.length)
  })

  it.each(rows)('“$promise” stands in the README', ({ promise }) => {
    expect(flat(read('README.md'))).toContain(promise)
  })

  it.each(rows)('“$title” is a test of $file', ({ file, title }) => {
    expect(file).toMatch(/\.(test|e2e)\.ts$/)
    expect(read(file)).toContain(title)
  })
})
