/** One run of a program: how long it took, and how much processor time it used. CPU is null where it cannot be separated. */
export interface Run {
  wallMs: number
  cpuMs: number | null
}

/** A row of the bench: the ratio of ours to the peer's, with its gate and goal. */
export interface Row {
  id: string
  what: string
  ours: string
  peer: string
  ratio: number
  /** The peer against itself in the same rounds. Outside 0.95–1.05 there was too much noise for the row to count. */
  noise: number | null
  isMoreBetter: boolean
  /** Null where a missed goal is only reported. */
  gate: number | null
  goal: number
}

export interface Comparison {
  ours: Run[]
  peer: Run[]
  noise: number
}

/** Runs programs in turn, `rounds` times after one unmeasured round, and returns the runs of each. */
export async function takeTurns(rounds: number, programs: readonly (() => Promise<Run>)[]): Promise<Run[][]> {
  for (const program of new Set(programs)) await program()
  const runs = programs.map((): Run[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, program] of programs.entries()) runs[index]?.push(await program())
  }
  return runs
}

/** Runs both in turn, the peer twice in each of `pairs` rounds: the peer against itself shows the noise. */
export async function alternate(
  pairs: number,
  ours: () => Promise<Run>,
  peer: () => Promise<Run>,
): Promise<Comparison> {
  const [own = [], first = [], second = []] = await takeTurns(pairs, [ours, peer, peer])
  return { ours: own, peer: [...first, ...second], noise: medianMs(second) / medianMs(first) }
}

/** The row for two programs that do the same work, by their times: less is better. */
export function rowOfTimes(
  row: Pick<Row, 'id' | 'what' | 'gate' | 'goal'>,
  peerName: string,
  { ours, peer, noise }: Comparison,
): Row {
  return {
    ...row,
    ours: seconds(ours),
    peer: `${peerName} ${seconds(peer)}`,
    ratio: medianMs(ours) / medianMs(peer),
    noise,
    isMoreBetter: false,
  }
}

/** Runs something, and returns its wall time and the processor time that `cpuMs` counts meanwhile. */
export async function timed(work: () => Promise<unknown>, cpuMs: (() => number) | null = null): Promise<Run> {
  const before = cpuMs?.() ?? 0
  const startedAt = performance.now()
  await work()
  const wallMs = performance.now() - startedAt
  return { wallMs, cpuMs: cpuMs === null ? null : cpuMs() - before }
}

export function wall(run: Run): number {
  return run.wallMs
}

/** The median of the wall times of runs. */
export function medianMs(runs: readonly Run[]): number {
  return median(runs.map(wall))
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** A percentile of values; between two values it is their mean. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = ((sorted.length - 1) * percent) / 100
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2
}

/** The median of the processor times of runs, when it is known for all of them. */
function medianCpuMs(runs: readonly Run[]): number | null {
  const known = runs.flatMap(({ cpuMs }) => (cpuMs === null ? [] : [cpuMs]))
  return known.length === runs.length ? median(known) : null
}

export function seconds(runs: readonly Run[]): string {
  const cpuMs = medianCpuMs(runs)
  return `${(medianMs(runs) / 1000).toFixed(3)} s${cpuMs === null ? '' : `, CPU ${(cpuMs / 1000).toFixed(2)} s`}`
}

export function milliseconds(runs: readonly Run[]): string {
  const cpuMs = medianCpuMs(runs)
  return `${medianMs(runs).toFixed(2)} ms${cpuMs === null ? '' : `, CPU ${cpuMs.toFixed(1)} ms`}`
}
