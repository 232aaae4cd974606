import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startVsftpd } from '../support/ftp.ts'
import { checkFile, checkUrl, inPlace, writeRandomFile } from './content.ts'
import { alternate, type Row, type Run, rowOfTimes, timed } from './measure.ts'
import { cpuMsOf, startNginx, timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt, store, streamUrl } from './stored.ts'

/** P1: fetch a link with the service, from adding it to its end, compared with curl from the same nginx into the same memory. */
export function benchFetch({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p1', async (place) => {
    const sum = writeRandomFile(join(place, 'source.bin'), sizeMiB)
    const nginx = await startNginx(place)
    try {
      const link = `${nginx.url}/source.bin`
      return await compareWithCurl({ id: 'P1', gate: 1.25, goal: 1, from: 'nginx', link, sum, place, sizeMiB, pairs })
    } finally {
      await nginx.stop()
    }
  })
}

/** P5: the same from a real vsftpd. */
export function benchFtp({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p5', async (place) => {
    const files = join(place, 'ftp', 'files')
    mkdirSync(files, { recursive: true })
    const sum = writeRandomFile(join(files, 'source.bin'), sizeMiB)
    const vsftpd = await startVsftpd(join(place, 'ftp'))
    try {
      const link = `ftp://127.0.0.1:${vsftpd.port}/source.bin`
      return await compareWithCurl({
        id: 'P5',
        gate: 1.3,
        goal: 1.05,
        from: 'vsftpd',
        link,
        sum,
        place,
        sizeMiB,
        pairs,
      })
    } finally {
      await vsftpd.stop()
    }
  })
}

interface Fetching {
  id: string
  gate: number
  goal: number
  from: string
  link: string
  sum: string
  place: string
  sizeMiB: number
  pairs: number
}

async function compareWithCurl({ id, gate, goal, from, link, sum, place, sizeMiB, pairs }: Fetching): Promise<Row> {
  const service = await startBuilt({ data: join(place, 'service') })
  const pid = service.child.pid ?? 0
  const ours = async (): Promise<Run> => {
    let item: Record<string, unknown> = {}
    const run = await timed(
      async () => {
        item = await store(service, link)
      },
      () => cpuMsOf(pid),
    )
    await checkUrl(await streamUrl(service, item), sum)
    await service.ask('files.delete', { id: item.id })
    return run
  }
  const target = join(place, 'curl.bin')
  const curl = async (): Promise<Run> => {
    const run = await timeCommand('sh', ['-c', 'curl -s -o "$2" "$1" && sync "$2"', 'sh', link, target])
    await checkFile(target, sum, 'curl')
    rmSync(target)
    return run
  }
  try {
    const what = `fetch ${sizeMiB} MiB from ${from}`
    return rowOfTimes({ id, what, gate, goal }, 'curl', await alternate(pairs, ours, curl))
  } finally {
    await service.stop()
  }
}
