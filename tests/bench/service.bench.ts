import { spawn } from 'node:child_process'
import { inPlace } from './content.ts'
import { alternate, type Row, rowOfTimes, timed } from './measure.ts'
import { startBuilt } from './stored.ts'

/** Where the bytes are: in memory, so that the disk's variation is not measured. */
export interface BenchOptions {
  folder: string
  sizeMiB: number
  pairs: number
}

/** P20: from the start of the service's process until it listens, compared with a Node that does nothing. */
export function benchServiceStart({ folder, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p20', async (data) => {
    const start = async () => {
      const startedAt = performance.now()
      const service = await startBuilt({ data })
      const wallMs = performance.now() - startedAt
      await service.stop()
      return { wallMs, cpuMs: null }
    }
    const node = () =>
      new Promise((resolve) => spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }).once('exit', resolve))
    const result = await alternate(pairs * 3, start, () => timed(node))
    const row = { id: 'P20', what: 'start the service until it listens', gate: 2.5, goal: 1.8 }
    return rowOfTimes(row, 'node -e 0', result)
  })
}
