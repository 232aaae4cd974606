import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { readFile, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import { ftpFacts } from '../../engine/ftp/ftp.ts'
import { createGate } from '../../engine/net/gate.ts'
import { startFetchChild } from '../support/children.ts'
import { has } from '../support/facilities.ts'
import { observeFetch } from '../support/fetching.ts'
import {
  type BadFtp,
  type BadFtpOptions,
  makeCertificate,
  startBadFtp,
  startVsftpd,
  type Vsftpd,
} from '../support/ftp.ts'
import { encoded } from '../support/old-encodings.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

const bytes = solidBytes(3 * 1024 * 1024 + 17)
const gate = createGate({ allowHosts: ['127.0.0.1', 'localhost'] })
const folder = temporaryFolder('ftp')
let partPath: string
let bad: BadFtp | null = null
afterEach(async () => {
  await bad?.stop()
  bad = null
})

/** Fetches without waiting between attempts, and returns all that was reported on the way. */
async function get(more: Partial<FetchOptions> & Pick<FetchOptions, 'link'>) {
  partPath = more.partPath ?? join(folder, randomBytes(8).toString('hex'))
  const { outcome, sentences, starts, records } = await observeFetch({ ...more, partPath })
  return {
    outcome,
    troubles: sentences,
    announced: starts.map(({ head: _head, ...facts }) => facts),
    records: records.map(({ record }) => record),
  }
}

const isWhole = async () => bytes.equals(await readFile(partPath))
const serve = async (options: Partial<BadFtpOptions> = {}) => {
  bad = await startBadFtp({ bytes: () => bytes, ...options })
  return bad
}

describe.runIf(has('vsftpd'))('a fetch from a real FTP server', () => {
  const place = temporaryFolder('vsftpd')
  let server: Vsftpd
  beforeAll(async () => {
    server = await startVsftpd(place)
    writeFileSync(join(place, 'files/jazz & more (1).flac'), bytes)
    writeFileSync(join(place, 'files/größe 100%.bin'), bytes)
  })
  afterAll(() => server.stop())

  it('fetches a file anonymously, and finds its size and name', async () => {
    const link = server.url('/jazz%20&%20more%20(1).flac')
    const { outcome, announced, records } = await get({ link })
    expect([outcome, await isWhole(), announced]).toEqual([
      bytes.length,
      true,
      [{ url: link, contentType: null, contentDisposition: null, sizeBytes: bytes.length }],
    ])
    expect(records.at(-1)?.validators.strong).toMatch(new RegExp(`^\\d{14} ${bytes.length}$`))
    const facts = await ftpFacts(link, { gate, signal: new AbortController().signal, timeoutMs: 5000 })
    expect(facts).toEqual({ name: 'jazz & more (1).flac', sizeBytes: bytes.length })
  })

  it('fetches a file whose name has non-ASCII letters and a percent sign', async () => {
    const link = server.url(`/${encodeURIComponent('größe 100%.bin')}`)
    expect([(await get({ link })).outcome, await isWhole()]).toEqual([bytes.length, true])
    const facts = await ftpFacts(link, { gate, signal: new AbortController().signal, timeoutMs: 5000 })
    expect(facts.name).toBe('größe 100%.bin')
  })

  it.each([
    ['黑客帝国 第一集.mkv', 'gbk'],
    ['Новая папка.zip', 'windows-1251'],
    ['予定表.txt', 'shift_jis'],
    ['café olé.txt', 'windows-1252'],
  ])('fetches “%s”, stored under a name in %s, by the bytes of that name', async (name, encoding) => {
    const raw = encoded(name, encoding)
    writeFileSync(Buffer.concat([Buffer.from(`${join(place, 'files')}/`), raw]), bytes)
    const link = server.url(`/${raw.toString('hex').replace(/../g, '%$&')}`)
    const { outcome, announced } = await get({ link })
    expect([outcome, await isWhole()]).toEqual([bytes.length, true])
    expect(announced).toMatchObject([{ sizeBytes: bytes.length }])
    const facts = await ftpFacts(link, { gate, signal: AbortSignal.timeout(5000), timeoutMs: 5000 })
    expect(facts).toEqual({ name, sizeBytes: bytes.length })
  })

  it('fetches a file with a question mark in its name', async () => {
    writeFileSync(join(place, 'files/what?.bin'), bytes)
    expect((await get({ link: server.url('/what?.bin') })).outcome).toBe(bytes.length)
    expect((await get({ link: server.url('/what%3F.bin') })).outcome).toBe(bytes.length)
  })

  it('fails with a sentence when there is no such file, as does ftpFacts', async () => {
    const link = server.url('/nothing.bin')
    expect((await get({ link })).outcome).toBe('“localhost” says there is no such file (550).')
    const facts = ftpFacts(link, { gate, signal: new AbortController().signal, timeoutMs: 5000 })
    await expect(facts).rejects.toThrow('says there is no such file')
  })

  it('resumes a file that is the same, and starts over with one that changed', async () => {
    const path = join(place, 'files/changing.bin')
    await writeFile(path, bytes)
    await utimes(path, 1_700_000_000, 1_700_000_000)
    const link = server.url('/changing.bin')
    let batches = 0
    const first = await get({
      link,
      onBytes: () => {
        if (batches++ > 0) throw new Error('enough')
      },
    })
    const kept = { link, partPath, resume: first.records.at(-1) ?? null }
    const had = (await readFile(partPath)).length
    const lengths: number[] = []
    const second = await get({ ...kept, onBytes: (length) => void lengths.push(length) })
    expect([had > 0, second.outcome, await isWhole(), second.troubles, (lengths[0] ?? 0) > had]).toEqual([
      true,
      bytes.length,
      true,
      [],
      true,
    ])
    await writeFile(partPath, randomBytes(1_000_000))
    await utimes(path, 1_700_000_001, 1_700_000_001)
    // As an earlier version left it: without checksums, so that only the server reveals the change.
    const { isSummed: _, ...old } = kept.resume ?? {
      validators: { etag: null, lastModified: null, strong: null },
      totalBytes: null,
      syncedBytes: 0,
      bootId: '',
    }
    const third = await get({ ...kept, resume: old })
    expect([third.outcome, await isWhole(), third.troubles]).toEqual([
      bytes.length,
      true,
      ['Started over at “localhost”: the file has changed, or cannot be continued there.'],
    ])
  })
})

describe.runIf(has('vsftpd'))('a fetch from a real FTP server with TLS', () => {
  const place = temporaryFolder('ftps')
  let server: Vsftpd
  let certificate: string
  beforeAll(async () => {
    certificate = makeCertificate(place)
    server = await startVsftpd(place, { certificate })
    writeFileSync(join(place, 'files/a.bin'), bytes)
  })
  afterAll(() => server.stop())
  const told = () => ({ link: server.url('/a.bin'), partPath: join(place, 'part'), recordPath: join(place, 'record') })

  it('fetches the file when the certificate is trusted', async () => {
    const child = startFetchChild(told(), { environment: { NODE_EXTRA_CA_CERTS: `${certificate}.crt` } })
    await child.ended
    expect(child.messages.at(-1)).toEqual({ sizeBytes: bytes.length })
    expect(bytes.equals(await readFile(join(place, 'part')))).toBe(true)
  })

  it('fetches nothing when the certificate is untrusted or for another name', async () => {
    const stranger = startFetchChild(told())
    await stranger.ended
    const link = server.url('/a.bin').replace('localhost', '127.0.0.1')
    const misnamed = startFetchChild(
      { ...told(), link },
      { environment: { NODE_EXTRA_CA_CERTS: `${certificate}.crt` } },
    )
    await misnamed.ended
    expect([stranger.messages.at(-1), misnamed.messages.at(-1)]).toEqual([
      { error: '“localhost” has no valid certificate, so nothing was fetched from it.' },
      { error: '“127.0.0.1” has no valid certificate, so nothing was fetched from it.' },
    ])
  })
})

describe('an FTP link', () => {
  it.each([
    ['a line break', '/a%0D%0ADELE%20b'],
    ['a line feed alone', '/a%0ADELE%20b'],
    ['a NUL', '/a%00b'],
  ])('is refused before a connection is made when its path has %s', async (_what, path) => {
    const { url, commands } = await serve()
    expect((await get({ link: url(path) })).outcome).toContain('hides a line break')
    expect(commands).toEqual([])
  })

  it('is refused when its password has a line break', async () => {
    const { url } = await serve()
    const link = url('/a').replace('//', '//me:x%0D%0ADELE@')
    expect((await get({ link })).outcome).toContain('hides a line break')
  })

  it('is refused when it names a folder', async () => {
    const { url } = await serve()
    expect((await get({ link: url('/films/') })).outcome).toContain('names a folder and not a file')
  })

  it('sends its user and password to the server, and announces them to nobody', async () => {
    const { url, commands } = await serve()
    const { announced } = await get({ link: url('/a').replace('//', '//me:s%40crt@') })
    expect(commands.slice(0, 2)).toEqual(['USER me', 'PASS s@crt'])
    expect(JSON.stringify(announced)).not.toContain('crt')
  })

  it('sends a Latin-1 user and password byte for byte', async () => {
    const { url, commands } = await serve()
    await get({ link: url('/a').replace('//', '//jos%E9:%FC%C3%BC@') })
    expect(commands.slice(0, 2)).toEqual(['USER jos\xe9', 'PASS \xfc\xc3\xbc'])
  })
})

describe('a fetch from an old FTP server', () => {
  const facts = (link: string) =>
    ftpFacts(link, { gate, signal: AbortSignal.timeout(5000), timeoutMs: 5000 }).catch((error: Error) => error.message)

  it.each([
    ['550 to SIZE', { SIZE: '550 SIZE: no.' }],
    ['550 to SIZE and MDTM', { SIZE: '550 No.', MDTM: '550 No.' }],
    ['words to SIZE', { SIZE: '213 quite large' }],
    [
      'an error to every command newer than 1985',
      { SIZE: '500 ?', MDTM: '500 ?', EPSV: '500 ?', REST: '502 ?', OPTS: '500 ?' },
    ],
  ])(
    'fetches the file without knowing its size when the server answers %s',
    async (_what, refused: Record<string, string>) => {
      const { url } = await serve({ lie: (command) => refused[command] ?? null })
      expect(await facts(url('/jazz.flac'))).toEqual({ name: 'jazz.flac', sizeBytes: null })
      expect([(await get({ link: url('/jazz.flac') })).outcome, await isWhole()]).toEqual([bytes.length, true])
    },
  )

  it('says that there is no such file when the server answers 550 to SIZE and RETR', async () => {
    const { url } = await serve({ lie: (command) => (/SIZE|RETR/.test(command) ? '550 No such file.' : null) })
    expect(await facts(url('/jazz.flac'))).toMatch(/there is no such file \(550\)/)
    expect((await get({ link: url('/jazz.flac') })).outcome).toMatch(/there is no such file \(550\)/)
  })

  it('requests a name that is not UTF-8 byte for byte, without turning UTF-8 on', async () => {
    const { url, commands } = await serve()
    const { outcome } = await get({ link: url('/%BA%DA.bin') })
    expect(outcome).toBe(bytes.length)
    expect(commands).toContain('RETR \xba\xda.bin')
    expect(commands.filter((command) => command.startsWith('OPTS'))).toEqual([])
  })
})

describe('a fetch from an FTP server that misbehaves (F35)', () => {
  it('uses only the port when the server names another host for the data', async () => {
    const elsewhere: unknown[] = []
    const stranger = createServer((socket) => elsewhere.push(socket.remoteAddress))
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.2', resolve))
    const { url } = await serve({
      lie: (command) => {
        if (command === 'EPSV') return '500 What?'
        return command === 'PASV HOST' ? 'HOST 127,0,0,2' : null
      },
    })
    const { outcome } = await get({ link: url('/a') })
    expect([outcome, await isWhole(), elsewhere]).toEqual([bytes.length, true, []])
    stranger.close()
  })

  it('refuses a data port that belongs to another service', async () => {
    const { url, dataConnections } = await serve({
      lie: (command) => (command === 'EPSV' ? '229 Go on (|||25|)' : null),
    })
    expect([(await get({ link: url('/a') })).outcome, dataConnections()]).toEqual([
      'Port 25 is not used for files, so the link was refused.',
      0,
    ])
  })

  it('fails when the data port is out of range', async () => {
    const { url } = await serve({ lie: (command) => (command === 'EPSV' ? '229 Go on (|||70000|)' : null) })
    expect((await get({ link: url('/a') })).outcome).toContain('does not open a connection for the file')
  })

  it('makes no connection to a private network that is not allowed', async () => {
    const { url, commands } = await serve()
    const strict = createGate({ allowHosts: [] })
    expect((await get({ link: url('/a'), gate: strict })).outcome).toContain('private network')
    expect(commands).toEqual([])
  })

  it('retries when the server has no room at first (421)', async () => {
    let tries = 0
    const { url } = await serve({
      lie: (command) => (command === 'GREETING' && tries++ < 2 ? '421 Too many.' : null),
    })
    const { outcome, troubles } = await get({ link: url('/a') })
    expect([outcome, await isWhole(), tries, troubles]).toEqual([
      bytes.length,
      true,
      3,
      ['“127.0.0.1” has no room for another connection just now (421). Trying again in a second.'],
    ])
  })

  it('starts over, says so and mixes nothing when the server refuses to resume (REST)', async () => {
    const { url, commands } = await serve({ lie: (command) => (command === 'REST' ? '502 Not here.' : null) })
    const path = join(folder, 'rest')
    await writeFile(path, randomBytes(1_000_000))
    const strong = `20240102030405 ${bytes.length}`
    const resume = {
      validators: { etag: null, lastModified: '20240102030405', strong },
      totalBytes: bytes.length,
      syncedBytes: 0,
      bootId: 'this boot',
    }
    const { outcome, troubles } = await get({ link: url('/a'), partPath: path, resume })
    expect([outcome, await isWhole(), commands.includes('REST 1000000'), troubles.length]).toEqual([
      bytes.length,
      true,
      true,
      1,
    ])
  })

  it.each([
    ['too long', bytes.length + 1000, 'closed the connection early'],
    ['too short', bytes.length - 1000, 'sent more than it had announced'],
  ])('fails when the announced size is %s', async (_what, size, sentence) => {
    const { url } = await serve({ lie: (command) => (command === 'SIZE' ? `213 ${size}` : null) })
    expect((await get({ link: url('/a') })).outcome).toContain(sentence)
  })

  it('takes everything until the final reply when the server tells neither size nor date', async () => {
    const { url } = await serve({ lie: (command) => (['SIZE', 'MDTM'].includes(command) ? '502 What?' : null) })
    expect([(await get({ link: url('/a') })).outcome, await isWhole()]).toEqual([bytes.length, true])
  })

  it('fails when the server tells neither the size nor that the file is complete', async () => {
    const { url } = await serve({
      // Little enough to arrive at once: a fetch that gets further with each attempt fails for another reason.
      bytes: () => bytes.subarray(0, 1000),
      lie: (command) => (command === 'SIZE' ? '502 What?' : null),
      last: () => '426 Broken.',
    })
    expect((await get({ link: url('/a') })).outcome).toContain('closed the connection early (426)')
  })

  it.each([
    ['reset', true],
    ['closed', false],
  ])('resumes where it stopped when the data connection is %s midway', async (_how, isReset) => {
    let cuts = 3
    const { url, commands } = await serve({
      send: (socket, start) => {
        if (cuts-- <= 0) return false
        socket.write(bytes.subarray(start, start + 700_000), () => {
          if (isReset) setTimeout(() => socket.resetAndDestroy(), 50)
          else socket.end()
        })
        return true
      },
    })
    const { outcome, troubles } = await get({ link: url('/a'), stallMs: 2000 })
    const places = commands.filter((line) => line.startsWith('REST')).map((line) => Number(line.slice(5)))
    expect([outcome, await isWhole(), places.length, troubles.length]).toEqual([bytes.length, true, 3, 3])
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('starts over and keeps no old byte when the file is replaced between attempts', async () => {
    const old = randomBytes(bytes.length)
    let isNew = false
    const { url } = await serve({
      bytes: () => (isNew ? bytes : old),
      changedAt: () => (isNew ? '20250101000000' : '20240101000000'),
      send: (socket) => {
        if (isNew) return false
        isNew = true
        socket.end(old.subarray(0, 1_500_000))
        return true
      },
    })
    const { outcome, troubles } = await get({ link: url('/a') })
    expect([outcome, await isWhole(), troubles.some((trouble) => trouble.startsWith('Started over'))]).toEqual([
      bytes.length,
      true,
      true,
    ])
  })

  it.each([
    ['its greeting', 'GREETING'],
    ['its reply to SIZE', 'SIZE'],
    ['its reply to RETR', 'RETR'],
  ])('times out after retries when the server does not send %s', async (_what, silent) => {
    const { url } = await serve({ lie: (command) => (command === silent ? '' : null) })
    expect((await get({ link: url('/a'), stallMs: 200 })).outcome).toBe('“127.0.0.1” does not answer.')
  })

  it('times out when nothing comes over the data connection', async () => {
    const { url } = await serve({ send: () => true })
    expect((await get({ link: url('/a'), stallMs: 300 })).outcome).toBe('“127.0.0.1” stopped sending.')
  })

  it.each([
    ['hangs up', 'hang up', 'broke the connection'],
    ['refuses the login', '530 Go away.', 'does not let this user in (530)'],
  ])('fails when the server %s after the password', async (_what, lie, sentence) => {
    const { url } = await serve({ lie: (command) => (command === 'PASS' ? lie : null) })
    expect((await get({ link: url('/a') })).outcome).toContain(sentence)
  })

  it('fails when a reply exceeds the maximum length', async () => {
    const { url } = await serve({ lie: (command) => (command === 'SIZE' ? `213-${'x'.repeat(200_000)}` : null) })
    expect((await get({ link: url('/a') })).outcome).toContain('does not answer in proper FTP')
  })
})
