import { type Helper, startHelper } from './helper.ts'
import type { Load } from './load-child.ts'
import type { Run } from './measure.ts'
import { cpuMsOf } from './programs.ts'

/** A run of many requests: a `Run` with the 99th percentile of the response times. The processor time is the server's. */
export interface LoadRun extends Run {
  p99Ms: number
}

export function startLoadClient(): Helper {
  return startHelper(new URL('./load-child.ts', import.meta.url))
}

/** Has the client make its requests to a server. */
export async function runLoad(client: Helper, load: Load, serverPids: readonly number[]): Promise<LoadRun> {
  const cpuMs = () => serverPids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = cpuMs()
  const { wallMs, p99Ms } = await client.ask({ ...load })
  return { wallMs: Number(wallMs), p99Ms: Number(p99Ms), cpuMs: cpuMs() - before }
}
