import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Thumbnails } from '../../electron/backend/thumbnails/thumbnails.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const of = { accountId: 'a', itemId: 1, sizeBytes: 10, addedAtMs: null }
const request = { signal: new AbortController().signal, tell: () => undefined }

function webpOf(content: string): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP'), Buffer.from(content)])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from('RIFF'), length, body])
}

function open() {
  const folder = temporaryFolder('thumbnails')
  const handlers = new Thumbnails(folder).handlers()
  return {
    path: () => join(folder, 'thumbnails', readdirSync(join(folder, 'thumbnails'))[0] ?? ''),
    find: (one = of) => handlers['thumbnails.find'](one, request),
    put: (bytes: Buffer) => handlers['thumbnails.put']({ of, base64: bytes.toString('base64') }, request),
  }
}

it('keeps a thumbnail, and that none can be made, for one version of a file', async () => {
  const { find, put } = open()
  expect(await find()).toBeNull()
  await put(webpOf('picture'))
  expect(Buffer.from((await find()) ?? [])).toEqual(webpOf('picture'))
  expect(await find({ ...of, sizeBytes: 11 })).toBeNull()
  await put(Buffer.alloc(0))
  expect((await find())?.length).toBe(0)
})

it('refuses what is no thumbnail, and makes one again that was cut', async () => {
  const { find, put, path } = open()
  await expect(put(Buffer.from('<svg onload="x">'))).rejects.toMatchObject({ code: 'bad-input' })
  await put(webpOf('picture'))
  truncateSync(path(), readFileSync(path()).length - 1)
  expect(await find()).toBeNull()
})
