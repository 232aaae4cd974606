import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { has } from '../support/facilities.ts'
import { ask, type Service, serviceEntry, startService, until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { file, startWeb } from '../support/web.ts'

const folder = () => temporaryFolder('data')

/** Runs the service until it ends by itself. */
async function run(argv: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--no-warnings', serviceEntry, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

/** Fetches one file into a new service's space, makes sure a copy of the data is kept, and stops it. */
async function filled(): Promise<{ data: string; content: Buffer }> {
  const web = await startWeb()
  const content = Buffer.from('what must not be lost')
  web.on('/dear.txt', file(content))
  const first = await startService()
  await first.ask('transfers.add', { links: [web.url('/dear.txt')] })
  await until(
    () => first.ask('files.list'),
    ({ rows }) => rows.length === 1,
  )
  await first.stop()
  const second = await startService({ data: first.data })
  await until(
    () => readFile(join(first.data, 'putdesk.backup.db')).catch(() => Buffer.alloc(0)),
    (copy) => copy.includes('dear.txt'),
  )
  await second.ask('files.create_dir', { name: 'later' })
  await second.stop()
  await web.stop()
  // Windows has no signals: there the service was killed, and its last changes are still in the write-ahead log.
  const db = new DatabaseSync(join(first.data, 'putdesk.db'))
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  return { data: first.data, content }
}
const list = async (service: Service) => (await service.ask('files.list')).rows.map(({ name }) => name)

describe('a damaged database', () => {
  it.each([
    ['overwritten', (bytes: Buffer) => Buffer.alloc(bytes.length, 'x')],
    ['damaged in the middle', (bytes: Buffer) => bytes.fill(0xee, 4096)],
    ['truncated', (bytes: Buffer) => bytes.subarray(0, 5000)],
  ])('%s: is kept aside, the last good copy is restored, and a notice says so', async (_what, damage) => {
    const { data } = await filled()
    const path = join(data, 'putdesk.db')
    const damaged = damage(await readFile(path))
    await writeFile(path, damaged)
    const service = await startService({ data })
    expect(service.notice).toMatch(
      /^The list of your files was damaged: it was kept aside as “.*”, and the last good copy was restored\.( What changed after it is back too\.)?$/,
    )
    expect(await list(service)).toEqual(['later', 'dear.txt'])
    const [message] = (await service.ask('messages.list')).rows
    expect([message?.user_file_id, String(message?.title).startsWith('The list of your files was damaged')]).toEqual([
      null,
      true,
    ])
    const aside = (await readdir(data)).find((name) => name.includes('damaged'))
    expect((await readFile(join(data, aside ?? ''))).equals(damaged)).toBe(true)
    await service.stop()
  })

  it('costs no file even without a copy: every file is adopted', async () => {
    const { data, content } = await filled()
    for (const name of ['putdesk.backup.db', 'putdesk.backup-1.db', 'putdesk.journal', 'putdesk.journal-1']) {
      await rm(join(data, name), { force: true })
    }
    await writeFile(join(data, 'putdesk.db'), 'not a database at all, whatever the name says'.repeat(100))
    const service = await startService({ data })
    expect(await list(service)).toEqual(['Recovered files'])
    const [found] = (await service.ask('files.list', { parent_id: 1 })).rows
    const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0]
    expect(await (await fetch(`${String(found?.stream_url)}atk/${token}`)).text()).toBe(content.toString())
    const [user] = (await service.ask('user.info')).rows
    expect(Number(user?.disk_quota) - Number(user?.disk_quota_available)).toBe(content.length)
    await service.stop()
  })

  it('is not reported at a healthy start', async () => {
    const { data } = await filled()
    const service = await startService({ data })
    expect([service.notice, await list(service)]).toEqual([null, ['later', 'dear.txt']])
    await service.stop()
  })
})

describe('a data folder', () => {
  it('of a newer version is refused and left untouched', async () => {
    const data = await folder()
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    db.exec('PRAGMA user_version = 99; CREATE TABLE future (x)')
    db.close()
    const before = await readFile(join(data, 'putdesk.db'))
    const { code, output } = await run(['--data', data, '--key', 'k', '--secret', 's'])
    expect([code, output]).toEqual([
      1,
      `“${data}” was written by a newer version of Putdesk. Nothing in it was changed.\n`,
    ])
    expect((await readFile(join(data, 'putdesk.db'))).equals(before)).toBe(true)
  })

  it('in use by another service is refused until that one ends, even by kill -9', async () => {
    const first = await startService()
    const { code, output } = await run(['--data', first.data, '--key', 'k', '--secret', 's'])
    expect([code, output]).toEqual([1, `Another Putdesk service is using the data folder “${first.data}”.\n`])
    await first.kill9()
    await (await startService({ data: first.data })).stop()
  })

  it('that cannot be created makes the start fail', async () => {
    const data = join(await folder(), 'file')
    await writeFile(data, '')
    expect((await run(['--data', data, '--key', 'k', '--secret', 's'])).code).toBe(1)
  })
})

describe('the command line', () => {
  it.each([
    [['--key', 'k', '--secret', 's'], '--data is missing'],
    [['--data', 'x', '--secret', 's'], '--key is missing'],
    [['--data', 'x', '--key', 'k'], '--secret is missing'],
    [['--data', 'x', '--key', 'k', '--secret', 's', '--port', 'web'], '--port must be a whole number'],
    [['--data', 'x', '--key', 'k', '--secret', 's', '--port', '70000'], '--port must be a whole number'],
    [['--data', 'x', '--key', 'k', '--secret', 's', '--active-limit', '0'], '--active-limit must be a whole number'],
    [['--data', 'x', '--key', 'k', '--secret', 's', '--busy', 'maybe'], '--busy can be'],
    [['--data', 'x', '--key', 'k', '--secret', 's', '--colour'], "Unknown option '--colour'"],
    [['--data', 'x', '--parent', '--secret', 's'], 'never on the command line'],
  ])('exits with code 2 and a sentence, without a stack trace, for %j', async (argv, sentence) => {
    const { code, output } = await run(argv)
    expect([code, output.includes(sentence), output.includes('    at ')]).toEqual([2, true, false])
  })

  it('reports a port that is in use', async () => {
    const first = await startService()
    const { code, output } = await run([
      '--port',
      `${first.port}`,
      '--data',
      await folder(),
      '--key',
      'k',
      '--secret',
      's',
    ])
    expect([code, output]).toEqual([1, 'The port is already used by another program.\n'])
    await first.stop()
  })

  it.runIf(has('signals of Unix'))('exits with code 0 on SIGTERM, even during a transfer', async () => {
    const web = await startWeb()
    web.on('/held', file(Buffer.alloc(1_000_000), { holdUntil: new Promise(() => undefined) }))
    const service = await startService()
    await service.ask('transfers.add', { links: [web.url('/held')] })
    await web.asked('/held')
    expect(await service.stop()).toBe(0)
    await web.stop()
  })
})

describe('the service started by the app', () => {
  const startWithParent = async (data: string) => {
    const child = spawn(process.execPath, [serviceEntry, '--parent', '--data', data, '--busy', 'never'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const say = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`)
    say({ start: { key: 'pk', secret: 'ps', user: 'ann', password: 'pp', allowHosts: [] } })
    const line = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve))
    const { url }: { url: string } = JSON.parse(line)
    return { child, say, url }
  }
  const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('exit', resolve))

  it('takes credentials and hosts from the app, changes the hosts while running, and ends with the app', async () => {
    const web = await startWeb()
    web.on('/a', file(Buffer.from('a')))
    const data = await folder()
    await mkdir(data, { recursive: true })
    const { child, say, url } = await startWithParent(data)
    const analyze = async () => {
      const request = { api_key: 'pk', api_secret: 'ps', params: { links: [web.url('/a')] } }
      return JSON.stringify((await ask(url, 'urls.analyze', request)).results).includes('private network')
    }
    expect(await analyze()).toBe(true)
    say({ allowHosts: ['127.0.0.1'] })
    await until(analyze, (isRefused) => !isRefused)
    say({ allowHosts: [] })
    await until(analyze, (isRefused) => isRefused)
    const end = ended(child)
    child.stdin.end()
    expect(await end).toBe(0)
    await web.stop()
  })

  it.runIf(has('signals of Unix'))('talks over the port of a utility process where there is one', async () => {
    const preload = `
      const { EventEmitter } = await import('node:events')
      process.parentPort = Object.assign(new EventEmitter(), { postMessage: (message) => console.log('posted', message.ready, message.url) })
      const start = { key: 'pk', secret: 'ps', user: 'ann', password: 'pp', allowHosts: [] }
      setImmediate(() => process.parentPort.emit('message', { data: { start } }))`
    const argv = [
      '--import',
      `data:text/javascript,${encodeURIComponent(preload)}`,
      serviceEntry,
      '--parent',
      '--data',
      await folder(),
    ]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    await new Promise<void>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (lines.push(line) === 2) resolve()
      })
    })
    const { url }: { url: string } = JSON.parse(lines[0] ?? '')
    expect(lines[1]).toBe(`posted true ${url}`)
    expect((await ask(url, 'user.info', { api_key: 'pk', api_secret: 'ps' })).rows[0]?.name).toBe('ann')
    const end = ended(child)
    child.kill('SIGTERM')
    expect(await end).toBe(0)
  })

  it('ends when the app sends a stop over that port', async () => {
    const preload = `
      const { EventEmitter } = await import('node:events')
      process.parentPort = Object.assign(new EventEmitter(), { postMessage: () => process.parentPort.emit('message', { data: { stop: true } }) })
      const start = { key: 'pk', secret: 'ps', user: 'ann', password: 'pp', allowHosts: [] }
      setImmediate(() => process.parentPort.emit('message', { data: { start } }))`
    const script = `data:text/javascript,${encodeURIComponent(preload)}`
    const argv = ['--import', script, serviceEntry, '--parent', '--data', await folder()]
    expect(await ended(spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] }))).toBe(0)
  })

  it('tells the app why a data folder that another service uses cannot be used', async () => {
    const data = await folder()
    const owner = await startService({ data })
    const child = spawn(process.execPath, [serviceEntry, '--parent', '--data', data], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const line = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve))
    const end = ended(child)
    child.stdin.write(`${JSON.stringify({ start: { key: 'pk', secret: 'ps' } })}\n`)
    expect(await end).toBe(1)
    expect(JSON.parse(await line)).toEqual({
      ready: false,
      reason: `Another Putdesk service is using the data folder “${data}”.`,
    })
    await owner.stop()
  })
})
