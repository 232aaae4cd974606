import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** A text with its line breaks as spaces. */
const flat = (text: string) => text.replace(/\s+/g, ' ')

const rows = [...read('docs/promises.md').matchAll(/^\| (.+) \| `(.+)` › (.+) \|$/gm)].map(
  ([, promise = '', file = '', title = '']) => ({ promise, file, title }),
)

describe('docs/promises.md', () => {
  it('has a test for each promise', () => {
    expect(rows.length).toBe(read('docs/promises.md').match(/^\| (?!promise \|)/gm)?.length)
  })

  it.each(rows)('quotes the README: “$promise”', ({ promise }) => {
    expect(flat(read('README.md'))).toContain(promise)
  })

  it.each(rows)('names a test of $file: “$title”', ({ file, title }) => {
    expect(file).toMatch(/\.(test|e2e)\.ts$/)
    expect(read(file)).toContain(title)
  })
})
