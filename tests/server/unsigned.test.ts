import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { type Service, startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ key: 'k', secret: 's' })
  // The code for API v1 is loaded with its first request.
  await service.ask('user.info')
})
afterAll(() => service.stop())

const bodyBytes = 4 * 1024 * 1024 - 64
/** What a stranger may send: a start, and a filler for the rest of the largest body that is read. */
const strangers: [start: string, filler: string][] = [
  ['', '%e9&'],
  ['', '%'],
  ['', '&'],
  ['', '%25'],
  ['', '{'],
  ['', 'request='],
  ['', '&request={"'],
  ['', '&amp;method='],
  ['', '&api_key=%e9'],
  ['request=', '%7B%22'],
  ['request=', '%e9&'],
  ['request={', '&'],
  ['request={"', '\\"'],
  ['request={"a":', '['],
  ['request={"a":', '{"a":'],
  ['request={"a":[', '1,'],
  ['request={"api_key":"', '%e9&'],
  ['request={%22api_key%22:%22', '%5C%22&'],
  ['request={', '"api_key":"k",'],
  ['request=', '+'],
  ['api_key=', '%25'],
  ['%257B', '%2522%e9'],
]
const fill = ([start, filler]: [string, string]) =>
  Buffer.from(start + filler.repeat(Math.floor((bodyBytes - start.length) / filler.length)), 'latin1')

/** The longest time that another client had to wait for an answer during the work, in ms. */
async function longestWait(work: Promise<unknown>): Promise<number> {
  let isOver = false
  const end = work.finally(() => {
    isOver = true
  })
  let longest = 0
  while (!isOver) {
    const started = performance.now()
    await health()
    longest = Math.max(longest, performance.now() - started)
  }
  await end
  return longest
}

function health(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${service.url}/health`, { agent: false }, (response) => {
      response.resume().on('end', resolve)
    })
    request.on('error', reject)
    request.end()
  })
}

describe('an unsigned body of 4 MiB', () => {
  it.each(strangers)('of %j and then repeated %j does not delay others', async (...stranger) => {
    const sent = sendRaw(service.port, rawPost('/v1/user?method=info', fill(stranger)))
    // Bench row P31 holds the exact limit; a busy machine makes any answer late.
    expect(await longestWait(sent)).toBeLessThan(1000)
    expect((await sent).body).toMatch(/Unable to login\.|Too many wrong keys/)
  })

  it('does not delay others when ten arrive at once', async () => {
    const bytes = rawPost('/v1/user?method=info', fill(['', '%e9&']))
    const sent = Promise.all(Array.from({ length: 10 }, () => sendRaw(service.port, bytes)))
    expect(await longestWait(sent)).toBeLessThan(1000)
    const answers = (await sent).filter(({ body }) => /Unable to login\.|Too many wrong keys/.test(body))
    expect(answers.length).toBe(10)
  })
})
