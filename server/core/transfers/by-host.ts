/** How many may run at once, in all and of one host. */
interface Limits {
  maxAtOnce: number
  maxPerHost: number
}

/**
 * Runs jobs, hosts in turn and those of one host in their order. Jobs without a host, '', do not count against each other. Takes time in
 * proportion to the number of jobs, as no list of those that wait is ever searched.
 */
export async function eachByHost<T>(
  jobs: readonly T[],
  hostOf: (job: T) => string,
  { maxAtOnce, maxPerHost }: Limits,
  run: (job: T) => Promise<void>,
): Promise<void> {
  const ready = queuesOf(jobs, hostOf)
  let next = 0
  const isFull = ({ host, running }: Queue<T>) => host !== '' && running >= maxPerHost
  // A worker that finds nothing leaves the rest to those that run: each of them takes up its host's next.
  const work = async () => {
    for (let queue = ready[next++]; queue !== undefined; queue = ready[next++]) {
      const [job] = queue.jobs.slice(queue.taken, queue.taken + 1)
      if (job === undefined) continue
      queue.taken++
      queue.running++
      if (queue.taken < queue.jobs.length && !isFull(queue)) ready.push(queue)
      await run(job)
      if (queue.taken < queue.jobs.length && isFull(queue)) ready.push(queue)
      queue.running--
    }
    next--
  }
  await Promise.all(Array.from({ length: Math.min(maxAtOnce, jobs.length) }, work))
}

interface Queue<T> {
  host: string
  jobs: T[]
  taken: number
  running: number
}

function queuesOf<T>(jobs: readonly T[], hostOf: (job: T) => string): Queue<T>[] {
  const queues = new Map<string, Queue<T>>()
  for (const job of jobs) {
    const host = hostOf(job)
    const queue = queues.get(host) ?? { host, jobs: [], taken: 0, running: 0 }
    queue.jobs.push(job)
    queues.set(host, queue)
  }
  return [...queues.values()]
}
