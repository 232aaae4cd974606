import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openBackend, type TestBackend } from '../support/backend.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Links that were not added yet survive a restart, and no secret in them is readable in a file.

let app: TestBackend | null = null
afterEach(async () => {
  await app?.close()
  app = null
})

const canary = 'canary-of-the-draft'
const text = `http://h.example/film.mkv\nhttps://h.example/a?token=${canary}\nhttp://ann:${canary}@h.example/b`

async function afterRestart(protection: 'protected' | 'plain', kept: readonly string[]) {
  const dataFolder = temporaryFolder('draft')
  const first = openBackend({ dataFolder, protection })
  app = first
  await first.client.call('sync', {})
  for (const draft of kept) await first.client.call('draft.keep', { text: draft })
  await first.backend.close()
  const files = readdirSync(dataFolder, { recursive: true, encoding: 'utf8' }).map((name) => join(dataFolder, name))
  const readable = files.filter((path) => statSync(path).isFile() && readFileSync(path, 'latin1').includes(canary))
  const second = openBackend({ dataFolder, protection })
  app = second
  const told = second.next('draft.changed', () => true)
  await second.client.call('sync', {})
  return { text: (await told).text, readable, log: first.log.filter((line) => line.includes(canary)) }
}

it('keeps everything where the system protects secrets', async () => {
  expect(await afterRestart('protected', ['http://h.example/first', text])).toEqual({ text, readable: [], log: [] })
})

it('keeps only links without secrets where it does not, and nothing once the draft is empty', async () => {
  const plain = await afterRestart('plain', [text])
  expect(plain).toEqual({ text: 'http://h.example/film.mkv', readable: [], log: [] })
  expect((await afterRestart('protected', [text, ''])).text).toBe('')
})
