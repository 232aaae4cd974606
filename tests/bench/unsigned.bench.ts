import { Agent, request as httpRequest } from 'node:http'
import { inPlace } from './content.ts'
import { startHelper } from './helper.ts'
import { median, type Row } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt } from './stored.ts'

const wantedMs = 50
const sizeBytes = 4 * 1024 * 1024 - 64
const atOnce = 10
const fillers = ['%e9&', '%7B%22', '{"a":"', '&amp;request=']

/** P31: the longest wait of another client during ten unsigned bodies of 4 MiB, in the worst of four forms. */
export function benchUnsigned({ folder, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p31', async (data) => {
    const service = await startBuilt({ data })
    const strangers = startHelper(new URL('./stranger-child.ts', import.meta.url))
    const agent = new Agent({ keepAlive: true })
    try {
      const longest = async (filler: string) => {
        const sent = strangers.ask({ port: service.port, count: atOnce, filler, sizeBytes })
        return longestWait(() => health(service.url, agent), sent)
      }
      const medians: number[] = []
      for (const filler of fillers) {
        const waits: number[] = []
        for (let round = 0; round < pairs; round += 1) waits.push(await longest(filler))
        medians.push(median(waits))
      }
      const worst = Math.max(...medians)
      return {
        id: 'P31',
        what: `longest wait of others during ${atOnce} unsigned bodies of 4 MiB`,
        ours: `${worst.toFixed(1)} ms`,
        peer: `wanted ${wantedMs} ms`,
        ratio: worst / wantedMs,
        noise: null,
        isMoreBetter: false,
        gate: 1,
        goal: 0.5,
      }
    } finally {
      agent.destroy()
      await strangers.stop()
      await service.stop()
    }
  })
}

async function longestWait(ask: () => Promise<void>, work: Promise<unknown>): Promise<number> {
  let isOver = false
  const end = work.finally(() => {
    isOver = true
  })
  let longest = 0
  while (!isOver) {
    const startedAt = performance.now()
    await ask()
    longest = Math.max(longest, performance.now() - startedAt)
  }
  await end
  return longest
}

function health(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/health`, { agent }, (response) => {
      response.resume().on('end', resolve)
    })
    request.on('error', reject).end()
  })
}
