import { readdirSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { itemsOf } from '../support/items.ts'
import { usedBytes } from '../support/services.ts'
import type { Course } from './course.ts'
import { hashOf } from './sources.ts'

const maxKept = 20

/** Checks the invariants while nothing is active. `isDamaged`: the list of files was damaged, so deleted files may be back. */
export async function check(course: Course, isDamaged = false): Promise<void> {
  const { service, data } = course
  const found = new Map<string, number>()
  const places = new Map<string, string>()
  const items = await itemsOf(service)
  for (const [path, hex] of items) {
    const hash = hashOf(Buffer.from(hex, 'hex'))
    found.set(hash, (found.get(hash) ?? 0) + 1)
    places.set(
      hash,
      `${path}, ${hex.length / 2} bytes: ${JSON.stringify(Buffer.from(hex.slice(0, 400), 'hex').toString('latin1'))}`,
    )
  }
  for (const hash of new Set([...found.keys(), ...course.expected.keys()])) {
    const [is, should] = [found.get(hash) ?? 0, course.expected.get(hash) ?? 0]
    const short = hash.slice(0, 12)
    if (is < should)
      course.violated(`I2: ${should - is} of ${should} files are missing (${short}, ${course.origins.get(hash)})`)
    if (is > should && !(isDamaged && course.known.has(hash)))
      course.violated(`I1, I4: ${is - should} files too many (${short}, ${places.get(hash)})`)
  }
  const storedBytes = items.reduce((sum, [, hex]) => sum + hex.length / 2, 0)
  await eventually(course, 'I7', async () => {
    const used = await usedBytes(service)
    return used === storedBytes ? null : `${used} bytes are counted, ${storedBytes} are stored`
  })
  await eventually(course, 'I8', async () => {
    const parts = await readdir(join(data, 'parts'))
    const shelves = await readdir(join(data, 'content'))
    const contents = await Promise.all(shelves.map((shelf) => readdir(join(data, 'content', shelf))))
    const files = contents.flat().length
    return parts.length === 0 && files === items.length
      ? null
      : `${parts.length} parts, ${files} contents of ${items.length} items`
  })
  // Each problem is reported only once.
  course.expected.clear()
  for (const [hash, count] of found) course.expected.set(hash, count)
  const around = await readdir(course.home)
  if (around.length !== 1) course.violated(`I6: there is more beside the data folder: ${around.join(', ')}`)
}

/** Keeps the space small, so that checks do not take longer and longer. */
export async function keepFew(course: Course): Promise<void> {
  const { rows } = await course.service.ask('files.list', { limit: 1000 })
  for (const item of rows.slice(maxKept)) {
    for (const hash of await course.hashesBelow(item)) course.expect(hash, -1)
    course.must(await course.insist('files.delete', { id: item.id }))
  }
}

/** Checks that idle time opens no files, and that an orderly stop leaves no child process. */
export async function checkEnd(course: Course): Promise<void> {
  const { service } = course
  const before = openFiles(service.child.pid)
  await wait(6000)
  const after = openFiles(service.child.pid)
  if (after > before + 5) course.violated(`I8: ${after - before} more files are open while nothing happens`)
  const { pid } = service.child
  const code = await service.stop()
  if (code !== 0) course.violated(`I8: the service ended with ${code}`)
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  if (children.length > 0) course.violated(`I8: ${children.length} children outlive the service`)
}

/** The resident memory of a process, in bytes. */
export function residentBytes(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

async function eventually(course: Course, invariant: string, look: () => Promise<string | null>): Promise<void> {
  let problem: string | null = null
  for (let tries = 0; tries < 100; tries++) {
    problem = await look()
    if (problem === null) return
    await wait(100)
  }
  course.violated(`${invariant}: ${problem}`)
}

function openFiles(pid: number | undefined): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

function parentOf(pid: string): number {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}
