import { appendFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { apiV2 } from '../support/api-v2.ts'
import { itemsOf } from '../support/items.ts'
import { type Envelope, type Service, startService } from '../support/service.ts'
import type { SmallDisk } from '../support/small-disk.ts'
import { damageDatabase, damageLock, damagePart } from './damage.ts'
import type { Chance } from './random.ts'
import { hashOf } from './sources.ts'

export interface CourseOptions {
  chance: Chance
  /** The folder that contains only the data folder. */
  home: string
  data: string
  /** The address at which the service listens for peers. */
  listenPeers: string
  disk: SmallDisk | null
  /** A log file of everything that was done, line by line. */
  trace: string
}

/** The events so far that affect what may be expected of a transfer. */
export interface Happened {
  interruptions: number
  crowded: number
  partsDamaged: number
  databasesDamaged: number
}

/** A service under a random course of events: what was done to it, what must be in its space, and what was wrong. */
export class Course {
  readonly chance: Chance
  readonly home: string
  readonly data: string
  /** What must be in the space: the count of each hash. */
  readonly expected = new Map<string, number>()
  /** Every hash that was ever expected in the space. */
  readonly known = new Set<string>()
  /** The source of each hash. */
  readonly origins = new Map<string, string>()
  readonly violations: string[] = []
  readonly counts = {
    rounds: 0,
    added: 0,
    stuck: 0,
    kills: 0,
    stops: 0,
    partsDamaged: 0,
    databasesDamaged: 0,
    finished: 0,
    resumed: 0,
    failed: 0,
    changed: 0,
    unshared: 0,
    crowded: 0,
  }
  readonly #options: CourseOptions
  #service: Service

  private constructor(options: CourseOptions, service: Service) {
    this.chance = options.chance
    this.home = options.home
    this.data = options.data
    this.#options = options
    this.#service = service
  }

  static async begin(options: CourseOptions): Promise<Course> {
    return new Course(options, await startSoaked(options))
  }

  get service(): Service {
    return this.#service
  }

  get happened(): Happened {
    const { kills, stops, crowded, partsDamaged, databasesDamaged } = this.counts
    return { interruptions: kills + stops, crowded, partsDamaged, databasesDamaged }
  }

  violated(sentence: string): void {
    this.violations.push(sentence)
    this.note(`VIOLATED: ${sentence}`)
    console.log(`VIOLATED: ${sentence}`)
  }

  note(what: string): void {
    appendFileSync(this.#options.trace, `${new Date().toISOString()} ${what}\n`)
  }

  must({ error, message }: Envelope): void {
    if (error) this.violated(`I2: refused: ${message}`)
  }

  expect(hash: string, by: number): void {
    this.note(`${by > 0 ? 'stored' : 'removed'} ${hash.slice(0, 12)}`)
    this.known.add(hash)
    this.expected.set(hash, (this.expected.get(hash) ?? 0) + by)
  }

  /** Retries a failed transfer, also while the disk is full. */
  async retry(id: string, password: string): Promise<void> {
    for (;;) {
      const { status, body } = await apiV2(this.#service)('POST', '/v2/transfers/retry', { id, password })
      if (status === 200) return
      if (status !== 507) return this.violated(`I2: refused: ${body.error_message}`)
      await wait(200)
    }
  }

  /** Repeats a request while the answer is that the disk is full, which is correct and temporary. */
  async insist(method: string, params: Record<string, unknown>): Promise<Envelope> {
    for (;;) {
      const answer = await this.#service.ask(method, params)
      if (answer.message !== 'This computer’s disk is full.') return answer
      await wait(200)
    }
  }

  async hashesBelow(item: Record<string, unknown>): Promise<string[]> {
    const found = await itemsOf(this.#service, item)
    return found.map(([, hex]) => hashOf(Buffer.from(hex, 'hex')))
  }

  /** Kills or stops the service, and starts it again; now and then something is damaged in between. */
  async interrupt(): Promise<void> {
    await this.#end()
    const { chance } = this
    const damaged = chance.below(4) === 0 ? damagePart(this.data, chance) : null
    if (damaged !== null) {
      this.counts.partsDamaged += 1
      this.note(`damaged ${damaged}`)
    }
    if (chance.below(20) === 0) damageLock(this.data)
    this.#service = await startSoaked(this.#options)
    this.note('started')
    if (this.#service.notice !== null) this.violated(`I2: a start without damage reports some: ${this.#service.notice}`)
  }

  /** The same with a damaged database, journal or copy. Returns what was done. */
  async damage(): Promise<string> {
    await this.#end()
    const done = damageDatabase(this.data, this.chance)
    this.counts.databasesDamaged += 1
    this.#service = await startSoaked(this.#options)
    this.note(`damaged ${done}: ${this.#service.notice}`)
    return done
  }

  /** Fills the disk with another file for some seconds. */
  crowd(): void {
    const { disk } = this.#options
    if (disk === null || this.counts.crowded > this.counts.rounds) return
    this.counts.crowded += 1
    this.note('the disk is full for a while')
    const ballast = join(disk.folder, 'of another program')
    const { bavail, bsize } = statfsSync(disk.folder)
    try {
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 300_000)))
    } catch {
      // The service has just taken the rest itself, so the disk is full anyway.
    }
    setTimeout(() => rmSync(ballast, { force: true }), 2000 + this.chance.below(4000))
  }

  async #end(): Promise<void> {
    if (this.chance.below(3) > 0) {
      this.counts.kills += 1
      this.note('kill -9')
      await this.#service.kill9()
      return
    }
    this.counts.stops += 1
    this.note('stopped')
    const code = await this.#service.stop()
    if (code !== 0) this.violated(`I8: the service ended with ${code} when it was asked to stop`)
  }
}

async function startSoaked({ data, listenPeers }: CourseOptions): Promise<Service> {
  const started = await startService({
    data,
    diskQuota: 20_000_000_000,
    allowHosts: ['127.0.0.1', 'localhost'],
    flags: ['--listen-peers', listenPeers],
  })
  started.child.once('exit', (code, signal) => {
    if (code !== 0 && signal !== 'SIGKILL')
      console.log(`the service ended with ${code ?? signal}:\n${started.log().slice(-3000)}`)
  })
  return started
}
