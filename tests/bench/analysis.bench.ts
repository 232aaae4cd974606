import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { linksInText } from '../../engine/text/links-in-text.ts'
import { groupLinks, linkKind } from '../../server/core/transfers/links.ts'
import { inPlace } from './content.ts'
import { median, type Row } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt } from './stored.ts'

const wantedMs = 5
const latencyMs = 50
const atOnce = 32
const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`)

/** P25: recognize and group 1,000 pasted links. P25p: analyze 200 links whose servers take 50 ms to answer. */
export async function benchAnalysis(options: BenchOptions): Promise<Row[]> {
  return [benchGrouping(options.pairs), await benchProbing(options)]
}

function benchGrouping(pairs: number): Row {
  const text = pastedText()
  const times: number[] = []
  for (let round = 0; round < pairs * 3 + 1; round += 1) {
    const startedAt = performance.now()
    const links = linksInText(text)
    const known = links.filter((link) => linkKind(link) !== 'unknown')
    const groups = groupLinks(known)
    if (round > 0) times.push(performance.now() - startedAt)
    const parts = groups.filter(({ isMultipart }) => isMultipart)
    // 950 links, and 50 duplicates, give 500 files, 200 magnets and 25 archives of 10 parts.
    if (links.length !== 950 || groups.length !== 725 || parts.length !== 25) {
      throw new Error(`${links.length} links became ${groups.length} groups, ${parts.length} of parts`)
    }
  }
  return {
    id: 'P25',
    what: 'recognize and group 1000 pasted links',
    ours: `${median(times).toFixed(1)} ms`,
    peer: `wanted ${wantedMs} ms`,
    ratio: median(times) / wantedMs,
    noise: null,
    isMoreBetter: false,
    gate: 1.5,
    goal: 1,
  }
}

function pastedText(): string {
  const files = Array.from(
    { length: 500 },
    (_, index) => `https://example${index % 40}.com/films/film-${index}.mkv?x=1`,
  )
  const magnets = Array.from(
    { length: 200 },
    (_, index) =>
      `magnet:?xt=urn:btih:${index.toString(16).padStart(40, '0')}&dn=film+${index}&tr=udp%3A%2F%2Ftracker.example%3A80`,
  )
  const parts = Array.from(
    { length: 250 },
    (_, index) =>
      `http://host${index % 5}.example/${Math.floor(index / 50)}/set${Math.floor(index / 10)}.part${(index % 10) + 1}.rar`,
  ).map((link, index) => link.replace(/host\d/, `host${Math.floor(index / 10) % 5}`))
  return [...files, ...magnets, ...parts, ...files.slice(0, 50)].map((link) => `see ${link}, please`).join('\n')
}

/** Eight hosts, because at most six links are analyzed at once per host, and 32 in all. */
function benchProbing({ folder, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p25', async (place) => {
    const servers = await startSlowServers()
    const service = await startBuilt({ data: join(place, 'service'), allowHosts: hosts })
    try {
      const times: number[] = []
      for (let round = 0; round < pairs + 1; round += 1) {
        const links = Array.from({ length: 200 }, (_, index) => `${servers.urls[index % 8]}/${round}/file-${index}.bin`)
        const startedAt = performance.now()
        const { results } = await service.ask('urls.analyze', { links })
        if (round > 0) times.push(performance.now() - startedAt)
        const sizes = JSON.stringify(results).match(/file-\d+\.bin/g)
        if (new Set(sizes).size !== 200) throw new Error(`not every link was analyzed: ${JSON.stringify(results)}`)
      }
      if (servers.answered() !== 200 * (pairs + 1)) throw new Error(`${servers.answered()} links were requested`)
      const idealMs = Math.ceil(200 / atOnce) * latencyMs
      return {
        id: 'P25p',
        what: `analyze 200 links, each ${latencyMs} ms away`,
        ours: `${median(times).toFixed(0)} ms`,
        peer: `${Math.ceil(200 / atOnce)} rounds ${idealMs} ms`,
        ratio: median(times) / idealMs,
        noise: null,
        isMoreBetter: false,
        gate: 1.5,
        goal: 1.1,
      }
    } finally {
      await service.stop()
      await servers.stop()
    }
  })
}

async function startSlowServers() {
  let answered = 0
  const servers = hosts.map(() =>
    createServer((_request, response) => {
      setTimeout(() => {
        answered += 1
        response.writeHead(200, { 'content-length': 1000, 'content-type': 'application/octet-stream' }).end()
      }, latencyMs)
    }),
  )
  const urls = await Promise.all(servers.map((server, index) => listen(server, hosts[index] ?? '')))
  return {
    urls,
    answered: () => answered,
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

function listen(server: Server, host: string): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const address = server.address()
      resolve(`http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`)
    })
  })
}
