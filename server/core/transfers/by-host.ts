/** How many jobs may run at once, in total and per host. */
interface Limits {
  maxAtOnce: number
  maxPerHost: number
}

/**
 * Runs jobs, taking hosts in turn and the jobs of a host in order. Jobs without a host, '', do not count against each
 * other. Takes time linear in the number of jobs, because no queue is ever searched.
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
  // A worker that finds nothing can end: each running job makes its worker continue with the same host.
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
