import { join } from 'node:path'
import type { Service } from '../support/service.ts'
import { inPlace } from './content.ts'
import { startHelper } from './helper.ts'
import { runLoad, startLoadClient } from './load.ts'
import { alternate, median, medianMs, type Row, type Run, seconds } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt } from './stored.ts'

const connections = 16
const requests = 30_000

/**
 * P26: sixteen clients list a folder of a hundred items repeatedly by one version of the API, compared with a bare Node server that sends
 * the same bytes.
 */
export function benchApi({ folder, pairs }: BenchOptions, version: 'v1' | 'v2'): Promise<Row> {
  return inPlace(folder, 'p26', async (place) => {
    const service = await startBuilt({ data: join(place, 'service') })
    const plainProgram = new URL('./plain-server.ts', import.meta.url)
    const plain = startHelper(plainProgram)
    const client = startLoadClient()
    try {
      for (let index = 0; index < 100; index += 1) {
        await service.ask('files.create_dir', { name: `a folder with a usual name ${index}` })
      }
      const { body, request } = await (version === 'v1' ? listV1(service) : listV2(service))
      const { port } = await plain.ask({ body })
      const load = (at: number, pid: number) =>
        runLoad(client, { port: at, connections, requests, request, expected: { body } }, [pid])
      const slowest: number[] = []
      const ours = async () => {
        const run = await load(service.port, service.child.pid ?? 0)
        slowest.push(run.p99Ms)
        return run
      }
      const result = await alternate(pairs, ours, () => load(Number(port), plain.pid))
      const rate = (runs: readonly Run[]) => requests / (medianMs(runs) / 1000)
      return {
        id: 'P26',
        what: `${connections} clients list a folder of 100 items by API ${version}, ${(body.length / 1000).toFixed(0)} kB`,
        ours: `${rate(result.ours).toFixed(0)}/s, p99 ${median(slowest).toFixed(1)} ms (wanted 10), ${seconds(result.ours)}`,
        peer: `bare Node ${rate(result.peer).toFixed(0)}/s, ${seconds(result.peer)}`,
        ratio: rate(result.ours) / rate(result.peer),
        noise: result.noise,
        isMoreBetter: true,
        gate: 0.4,
        goal: 0.7,
      }
    } finally {
      await client.stop()
      await plain.stop()
      await service.stop()
    }
  })
}

/** The request of a client, and its answer. */
interface Listing {
  body: string
  request: string
}

async function listV1({ url, port, key, secret }: Service): Promise<Listing> {
  const params = { parent_id: 0, limit: 100 }
  const form = new URLSearchParams({ request: JSON.stringify({ api_key: key, api_secret: secret, params }) }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await fetch(`${url}/v1/files?method=list`, { method: 'POST', headers, body: form })
  const body = await answer.text()
  if (body.split('"is_dir":true').length !== 101) throw new Error(`the folder has other items: ${body}`)
  const head = [
    'POST /v1/files?method=list HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${form.length}`,
  ]
  return { body, request: [...head, '', form].join('\r\n') }
}

async function listV2({ url, port, token }: Service): Promise<Listing> {
  const path = '/v2/files/list?parent_id=0&per_page=200&breadcrumbs=1&total=1'
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Token ${token}` } })
  const body = await answer.text()
  // The folder itself is in the answer, too.
  if (body.split('"file_type":"FOLDER"').length !== 102) throw new Error(`the folder has other items: ${body}`)
  const head = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: Token ${token}`]
  return { body, request: [...head, '', ''].join('\r\n') }
}
