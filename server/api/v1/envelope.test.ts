import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toJson, write } from './envelope.ts'

/** A value nested in this many objects and lists. */
function nested(value: unknown, depth: number): Record<string, unknown> {
  let tree: Record<string, unknown> = { name: 'ä"', dirs: [value], left: undefined }
  for (let level = 1; level < depth; level++) tree = { name: `${level}`, dirs: [tree, level], none: null }
  return tree
}

it('serializes values that are too deep for JSON.stringify like any others', () => {
  const depth = 8000
  expect(() => JSON.stringify(nested(1, depth))).toThrow(RangeError)
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const deep = toJson(nested(value, depth))
      const middle = deep.indexOf('{"name":"ä')
      expect(deep.slice(middle, deep.indexOf(']},1]', middle) + 2)).toBe(JSON.stringify(nested(value, 1)))
    }),
    { numRuns: 10 },
  )
})

it('responds with a tree of folders of any depth', () => {
  const { bytes } = write({ status: 200, body: { response: { results: nested(1, 50_000) } } }, null)
  let depth = 0
  for (let tree = JSON.parse(bytes.toString()).response.results; typeof tree === 'object'; tree = tree.dirs[0])
    depth += 1
  expect(depth).toBe(50_000)
})
