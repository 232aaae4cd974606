import { expect, it } from 'vitest'
import { cyclesOf, rooms, violationsIn } from './rooms.ts'

const names = Object.keys(rooms).filter((room) => !room.includes('.'))
const mayImport = (from: string, to: string) =>
  from === to || (rooms[from] ?? []).some((name) => name === to || (name.endsWith('/') && `${to}/`.startsWith(name)))
const climb = (room: string) => '../'.repeat(room.split('/').length)

it.each(names)('lets %s import what the table allows and nothing else, by any syntax', (from) => {
  for (const to of names.filter((name) => name !== from)) {
    const path = `${climb(from)}${to}/thing.ts`
    for (const text of [
      `import { thing } from '${path}'`,
      `import type { Thing } from '${path}'`,
      `import '${path}'`,
      `export { thing } from '${path}'`,
      `export type { Thing } from '${path}'`,
      `export * from '${path}'`,
      `export const thing = await import('${path}')`,
    ]) {
      const violations = violationsIn(`${from}/file.ts`, text)
      expect(violations, text).toMatchObject(mayImport(from, to) ? [] : [{ why: `${from} may not import ${to}` }])
    }
  }
})

it('finds no cycle among the rooms, but does find one in a graph that has one', () => {
  expect(cyclesOf()).toEqual([])
  expect(cyclesOf({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] })).toEqual(['a', 'b', 'c'])
})

it('reports a file in no room', () => {
  expect(violationsIn('attic/file.ts', '')).toMatchObject([{ file: 'attic/file.ts' }])
})
