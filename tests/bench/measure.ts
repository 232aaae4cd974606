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
  gate: number
  goal: number
}

export interface Comparison {
  ours: Run[]
  peer: Run[]
  noise: number
}

/**
 * Runs both alternately, ours and the peer's, `pairs` times after one unmeasured round; then the peer in pairs against itself,
 * to know how restless the machine is.
 */
export async function alternate(
  pairs: number,
  ours: () => Promise<Run>,
  peer: () => Promise<Run>,
): Promise<Comparison> {
  await ours()
  await peer()
  const result: Comparison = { ours: [], peer: [], noise: 1 }
  for (let round = 0; round < pairs; round += 1) {
    result.ours.push(await ours())
    result.peer.push(await peer())
  }
  const [first, second]: [Run[], Run[]] = [[], []]
  await peer()
  for (let round = 0; round < pairs; round += 1) {
    first.push(await peer())
    second.push(await peer())
  }
  result.noise = median(second.map(wall)) / median(first.map(wall))
  return result
}

export function wall(run: Run): number {
  return run.wallMs
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The processor time of runs in words, when all of them know it. */
function cpuOf(runs: readonly Run[]): string {
  const known = runs.flatMap(({ cpuMs }) => (cpuMs === null ? [] : [cpuMs]))
  return known.length === runs.length ? `, CPU ${(median(known) / 1000).toFixed(2)} s` : ''
}

export function seconds(runs: readonly Run[]): string {
  return `${(median(runs.map(wall)) / 1000).toFixed(3)} s${cpuOf(runs)}`
}
