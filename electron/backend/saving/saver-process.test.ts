import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import type { FromSaver, SaveRequest, ToSaver } from '../../saver/messages.ts'
import type { SaverProcess } from '../host/host.ts'
import { SaverClient } from './saver-process.ts'

const request = (id: string): SaveRequest => ({
  id,
  link: 'http://127.0.0.1/a',
  tokenOrigins: [],
  root: '/',
  partPath: '/part',
  targetPath: '/target',
  isReplacing: false,
  sizeBytes: 1,
  resume: null,
  original: null,
  zip: null,
})

/** A client whose process does nothing but record what it is sent. */
function clientOf() {
  const sent: ToSaver[] = []
  let receive: (message: FromSaver) => void = () => undefined
  const process: SaverProcess = {
    send: (message) => void sent.push(message),
    onMessage: (listener) => {
      receive = listener
    },
    onExit: () => undefined,
    stop: async () => undefined,
  }
  const client = new SaverClient({ startSaver: () => process }, { info: () => undefined })
  return { client, sent, answer: (message: FromSaver) => receive(message) }
}

it('keeps nothing on the signal of a save once a file of it has ended', async () => {
  const { client, sent, answer } = clientOf()
  const { signal } = new AbortController()
  for (let file = 0; file < 20; file += 1) {
    const saving = client.save(request(`${file}`), signal, () => undefined)
    answer({ id: `${file}`, kind: 'done', sizeBytes: 1, isProven: true, crc: null, outcomes: null })
    await saving
  }
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(sent.length).toBe(20)
})

it('cancels the file when the signal aborts, and does not begin when it has aborted', async () => {
  const { client, sent, answer } = clientOf()
  const stop = new AbortController()
  const saving = client.save(request('a'), stop.signal, () => undefined)
  stop.abort(new Error('paused'))
  answer({ id: 'a', kind: 'cancelled' })
  expect(await saving).toEqual({ id: 'a', kind: 'cancelled' })
  await expect(client.save(request('b'), stop.signal, () => undefined)).rejects.toThrow('paused')
  expect(sent.map(({ kind }) => kind)).toEqual(['save', 'cancel'])
})
