/** One run of a program: how long it took and how much processor time it used. CPU is null where it cannot be told apart. */
export interface Run {
  wallMs: number
  cpuMs: number | null
}

/** A row of the bench: ours over the peer's, with what it must reach. */
export interface Row {
  id: string
  what: string
  ours: string
  peer: string
  ratio: number
  /** The peer against itself in the same rounds; outside 0.95–1.05 the machine was too restless for the row to count. */
  noise: number | null
  isMoreBetter: boolean
  /** Null where missing the goal is only told. */
  gate: number | null
  goal: number
}

export interface Comparison {
  ours: Run[]
  peer: Run[]
  noise: number
}

/** Runs programs in turns, `rounds` times after one unmeasured round, and answers with the runs of each. */
export async function takeTurns(rounds: number, programs: readonly (() => Promise<Run>)[]): Promise<Run[][]> {
  for (const program of new Set(programs)) await program()
  const runs = programs.map((): Run[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, program] of programs.entries()) runs[index]?.push(await program())
  }
  return runs
}

/** Runs both in turns, the peer twice in each of `pairs` rounds: against itself it tells how restless the machine is. */
export async function alternate(
  pairs: number,
  ours: () => Promise<Run>,
  peer: () => Promise<Run>,
): Promise<Comparison> {
  const [own = [], first = [], second = []] = await takeTurns(pairs, [ours, peer, peer])
  return { ours: own, peer: [...first, ...second], noise: medianMs(second) / medianMs(first) }
}

/** The row of two programs that do the same work, by their times: less is better. */
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

/** Runs something and tells its wall time, and the processor time that `cpuMs` counts meanwhile. */
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

/** The middle of the wall times of runs. */
export function medianMs(runs: readonly Run[]): number {
  return median(runs.map(wall))
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value that so many percent of all are not above; between two values it is their middle. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = ((sorted.length - 1) * percent) / 100
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2
}

/** The processor time of runs in words, when all of them know it. */
function cpuOf(runs: readonly Run[]): string {
  const known = runs.flatMap(({ cpuMs }) => (cpuMs === null ? [] : [cpuMs]))
  return known.length === runs.length ? `, CPU ${(median(known) / 1000).toFixed(2)} s` : ''
}

export function seconds(runs: readonly Run[]): string {
  return `${(medianMs(runs) / 1000).toFixed(3)} s${cpuOf(runs)}`
}
