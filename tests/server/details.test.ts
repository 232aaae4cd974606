import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import type { Core, Cores } from '../../server/core/core.ts'
import { dataFiles } from '../../server/core/data/data-files.ts'
import { newContentName } from '../../server/core/space/content.ts'
import { copyItem } from '../../server/core/space/copies.ts'
import type { Item } from '../../server/core/space/space.ts'
import { sumsOf } from '../../server/core/space/sums.ts'
import { openFolder } from '../support/cores.ts'
import { memoryFolder } from '../support/temp-folder.ts'

function only({ users: [core] }: Cores): Core {
  if (core === undefined) throw new Error('there is no user')
  return core
}

function add({ space, content }: Core, name: string, bytes: Buffer): Item {
  const stored = newContentName()
  mkdirSync(dirname(content.path(stored)), { recursive: true })
  writeFileSync(content.path(stored), bytes)
  return space.addFile({ name, parentId: 0, sizeBytes: bytes.length, content: stored })
}

const hex = (bytes: Buffer) => crc32(bytes).toString(16).padStart(8, '0')

it('has the checksums of files that are whole, computed when they are asked for and then noted', async () => {
  const cores = openFolder(memoryFolder('sums'))
  const core = only(cores)
  const { space, content } = core
  const bodies = [
    Buffer.alloc(0),
    Buffer.from('1'),
    Buffer.alloc(1_500_000, 'many bytes '),
    Buffer.from('lost'),
    Buffer.from('cut'),
  ]
  const items = bodies.map((bytes, n) => add(core, `${n}`, bytes))
  const detailed = () => items.map(({ id }) => space.details.get(id))
  rmSync(content.path(items[3]?.content ?? ''))
  truncateSync(content.path(items[4]?.content ?? ''), 1)
  const expected = [...bodies.slice(0, 3).map(hex), null, null]
  // Two clients ask at the same time, and one of them does not wait.
  const options = { space, content, report: (error: unknown) => expect.unreachable(`${error}`) }
  const [hasty, patient] = await Promise.all([sumsOf(options, detailed(), 0), sumsOf(options, detailed(), 10_000)])
  expect(items.map((item) => patient.get(item.content ?? '') ?? null)).toEqual(expected)
  for (const [name, sum] of hasty) expect(patient.get(name)).toBe(sum)
  expect(detailed().map((item) => item.crc32)).toEqual(expected)
  await cores.close()
})

it('keeps times that clients have set, and the checksums of copies, when the database is lost', async () => {
  const data = memoryFolder('details')
  const first = openFolder(data)
  const core = only(first)
  const { space, content } = core
  const item = add(core, 'film.mkv', Buffer.from('film'))
  await sumsOf({ space, content, report: expect.unreachable }, [space.details.get(item.id)], 10_000)
  await first.start()
  space.details.touch([item.id], 1_000_000_000)
  const copy = await copyItem(
    { item, space },
    { space, content, roomBytes: () => 100 },
    { parentId: 0, name: 'copy.mkv' },
  )
  space.details.touch([copy.id], 1_100_000_000)
  await first.close()
  rmSync(dataFiles(data).path)
  const second = openFolder(data)
  const { details } = only(second).space
  const shown = [item.id, copy.id].map(details.get).map((one) => [one.name, one.updatedAtSeconds, one.crc32])
  expect(shown).toEqual([
    ['film.mkv', 1_000_000_000, hex(Buffer.from('film'))],
    ['copy.mkv', 1_100_000_000, hex(Buffer.from('film'))],
  ])
  await second.close()
})
