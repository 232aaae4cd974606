import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dropOnWindow, type RunningApp, startApp } from '../support/app.ts'
import { CanaryScanner, canaryWord } from '../support/canaries.ts'
import { pngOf } from '../support/contents.ts'
import { type EchoServer, startEchoServer } from '../support/echo-server.ts'
import { makeFilm } from '../support/film.ts'
import { type Home, makeHome, registerOpener } from '../support/home.ts'
import { type LeakWatch, watchForLeaks } from '../support/leak-watch.ts'
import { makeArchive } from '../support/made-archive.ts'
import { headlessMpv, joinMpv } from '../support/mpv.ts'
import { commandLines } from '../support/processes.ts'
import { ask } from '../support/service.ts'
import { type SignInServer, startSignInServer } from '../support/sign-in-server.ts'
import { addLinks, startOnThisComputer } from '../support/steps.ts'
import { memoryFolder, temporaryFolder } from '../support/temp-folder.ts'
import { bencode, cleanUp } from '../support/torrents.ts'
import { headlessVlc } from '../support/vlc.ts'
import { file, redirect, startWeb, status, type Web } from '../support/web.ts'

// Secrets are planted wherever Putdesk holds one, a person's day is run over them, and then they are looked for everywhere.

const scanner = new CanaryScanner()
const planted: string[] = []

/** Plants a secret. What is around the word makes its encodings differ. */
function plant(name: string, around: (word: string) => string = (word) => word): string {
  const word = canaryWord()
  scanner.add({ name, word })
  planted.push(name)
  return around(word)
}

const odd = (word: string) => `ä ${word}/+"%`
const server = {
  key: plant('key of a server'),
  wrong: plant('wrong secret of a server', odd),
  secret: plant('secret of a server', odd),
  token: plant('token of a server'),
}
const source = {
  linkPassword: plant('password in a link'),
  linkToken: plant('token in a link'),
  fragment: plant('token in the fragment of a link'),
  cookie: plant('cookie of a source'),
  signature: plant('signature of a redirect'),
  refused: plant('token in a link that is refused'),
  announce: plant('passkey in the path of a tracker'),
  passkey: plant('passkey in the query of a tracker'),
}
const hoster = {
  password: plant('password of a hoster', odd),
  cookie: plant('cookie of a hoster', (word) => `session=${word}`),
}
const account = {
  code: plant('code of a sign-in'),
  approved: plant('token of a code'),
  pasted: plant('pasted token'),
  wrong: plant('wrong pasted token'),
}
const archivePassword = plant('password of an archive', odd)
const draft = { link: plant('password in a link that is not added'), ftp: plant('password in an FTP link') }

let web: Web
let echo: EchoServer
let signInServer: SignInServer
let home: Home
let folder: string
/** Not looked at: what the test itself writes there is secret. */
let apart: string
let opened: string
let socket: string
let running: RunningApp
let watch: LeakWatch

beforeAll(async () => {
  apart = memoryFolder('canaries')
  folder = temporaryFolder('players')
  const film = makeFilm(temporaryFolder('film'), { seconds: 30 }).bytes
  const locked = await makeArchive(
    'locked.7z',
    { 'inside.txt': Buffer.from('inside') },
    `-p${archivePassword}`,
    '-mhe=on',
  )
  web = await startWeb()
  web.on('/film.mp4', file(film))
  web.on('/second.mp4', file(film))
  web.on('/picture.png', file(pngOf(640, 360)))
  web.on('/notes.txt', file(Buffer.from('first line\n')))
  web.on('/letter.doc', file(Buffer.from('Dear reader,\n')))
  web.on('/locked.7z', file(locked))
  const signIn = `Basic ${Buffer.from(`me:${source.linkPassword}`).toString('base64')}`
  web.on('/private.txt', (request, response, wire) =>
    request.headers.authorization === signIn
      ? file(Buffer.from('private'))(request, response, wire)
      : status(401, { 'www-authenticate': 'Basic' })(request, response, wire),
  )
  web.on('/moved.txt', (request, response, wire) => {
    response.setHeader('set-cookie', `session=${source.cookie}; Path=/`)
    return redirect(web.url(`/signed.txt?signature=${source.signature}`))(request, response, wire)
  })
  web.on('/signed.txt', file(Buffer.from('signed')))
  web.on('/fragment.txt', file(Buffer.from('fragment')))
  // It can be looked at once, and not be fetched then.
  let isSeen = false
  web.on('/refused.bin', (request, response, wire) => {
    const answer = isSeen ? status(403, {}, `no: ${request.url}`) : file(Buffer.from('refused'))
    isSeen = true
    return answer(request, response, wire)
  })
  web.on('/paid.txt', (request, response, wire) =>
    request.headers.cookie === hoster.cookie
      ? file(Buffer.from('paid'))(request, response, wire)
      : status(403)(request, response, wire),
  )
  for (const path of [`/${source.announce}/announce`, '/announce'])
    web.on(path, (request, response) => {
      response.end(bencode({ 'failure reason': `unknown passkey: ${request.url}` }))
    })
  echo = await startEchoServer({
    ...server,
    files: [
      { name: 'far film.mp4', type: 'movie', bytes: film },
      { name: 'far second.mp4', type: 'movie', bytes: film },
      { name: 'far notes.txt', type: 'file', bytes: Buffer.from('far away\n') },
    ],
  })
  signInServer = await startSignInServer({
    makeCode: () => account.code,
    makeToken: (count) => (count <= 2 ? account.approved : account.pasted),
  })
  const mpv = headlessMpv(folder)
  socket = mpv.socket
  headlessVlc(folder)
  home = makeHome('home')
  opened = registerOpener(home)
  // The local service is started by a program that writes down what it is told.
  const node = join(apart, 'node')
  writeFileSync(
    node,
    `#!/bin/bash\nexec ${process.execPath} "$@" < <(exec tee ${apart}/told) > >(exec tee ${apart}/ready)\n`,
    { mode: 0o755 },
  )
  running = await startApp({
    environment: {
      ...mpv.environment,
      ...home.environment,
      HOME: home.folder,
      XDG_CACHE_HOME: join(home.folder, 'cache'),
      PATH: `${folder}:${process.env.PATH}`,
      PUTDESK_NODE: node,
    },
    args: ['--js-flags=--heap-snapshot-string-limit=1000000000'],
    settings: { hostsOnMyNetwork: ['127.0.0.1', 'localhost'] },
  })
  watch = await watchForLeaks(running, scanner)
})
afterAll(async () => {
  watch.stop()
  await running.dispose()
  await echo.stop()
  await signInServer.stop()
  await web.stop()
  await cleanUp()
})

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })

const ofLinks = [
  'password in a link',
  'token in a link',
  'token in a link that is refused',
  'token in the fragment of a link',
]
const ofTrackers = ['passkey in the path of a tracker', 'passkey in the query of a tracker']
const ofDraft = ['password in a link that is not added', 'password in an FTP link']
const ofServer = ['key of a server', 'secret of a server']
const ofAccounts = ['token of a code', 'pasted token']
const ofHosters = ['password of a hoster', 'cookie of a hoster']

/** The only places in which secrets may be, which of them, and why. */
const permitted: { place: RegExp; canaries: readonly string[]; why: string }[] = [
  {
    place: /^pipe, request of (accounts\.addServer|hosters\.put|transfers\.retry)$/,
    canaries: [...ofServer, 'wrong secret of a server', ...ofHosters, 'password of an archive'],
    why: 'The person types it in the window, which hands it over.',
  },
  {
    place: /^pipe, request of accounts\.signInWithToken$/,
    canaries: ['pasted token', 'wrong pasted token'],
    why: 'The person pastes it in the window, which hands it over.',
  },
  {
    place: /^pipe, (answer to accounts\.signInWithCode|request of accounts\.openSignInPage)$/,
    canaries: ['code of a sign-in'],
    why: 'The window shows the code, and names it to open its page.',
  },
  {
    place: /^pipe, request of (links\.extract|analysis\.run|transfers\.add|draft\.keep)$/,
    canaries: [...ofLinks, ...ofDraft],
    why: 'The person pastes the links in the window, which hands them over.',
  },
  {
    place: /^pipe, request of links\.fromFile$/,
    canaries: ofTrackers,
    why: 'The person drops the torrent file on the window, which hands it over.',
  },
  {
    place: /^pipe, answer to (links\.extract|analysis\.run)$/,
    canaries: [...ofLinks, ...ofDraft],
    why: 'The links that the window asks about are what it knows the rows of Add links by.',
  },
  {
    place: /^memory of the page$/,
    canaries: ofDraft,
    why: 'Links that are not added yet are shown when Add links is opened again.',
  },
  {
    place: /^file vault(\.last-good)?\.json$/,
    canaries: [...ofServer, ...ofAccounts, ...ofHosters],
    why: 'The vault. Here the person agreed to a plain file, because nothing protects it.',
  },
  {
    place: /^file service\/putdesk\.(db|db-wal|copy|journal)$/,
    canaries: [...ofLinks, ...ofTrackers, 'password of an archive'],
    why: 'The database of the local service, which has to fetch what they are for.',
  },
  {
    place: /^headers for 127\.0\.0\.1$/,
    canaries: ['password in a link', 'password in a link that is not added', 'cookie of a source'],
    why: 'The host that the link names gets its password, and the one that set a cookie gets that back.',
  },
  {
    place: /^headers for localhost$/,
    canaries: ['cookie of a hoster'],
    why: 'The hoster gets the cookie that is for it.',
  },
]

it('has watchers that see a secret in each of their places', async () => {
  const { app, page } = running
  const word = canaryWord()
  scanner.add({ name: 'decoy', word })
  await app.evaluate(({ BrowserWindow, clipboard, Notification }, text) => {
    const [window] = BrowserWindow.getAllWindows()
    window?.setTitle(text)
    window?.webContents.send('putio', { event: 'notices.changed', data: [{ id: 'decoy', sentence: text }] })
    clipboard.writeText(text)
    new Notification({ title: 'decoy', body: text }).show()
  }, word)
  const program = spawn('sleep', ['60'], { argv0: word, env: { ...process.env, DECOY: word } })
  writeFileSync(join(running.dataFolder, 'decoy'), word)
  await page.getByText(word).waitFor()
  await watch.scanMemory()
  await expect
    .poll(async () => {
      await watch.collect()
      noteFiles()
      return [...new Set(watch.leaks.map(({ place }) => place))].sort()
    })
    .toEqual([
      'clipboard',
      'cmdline of a process',
      'environ of a process',
      'file decoy',
      'memory of the page',
      'notification',
      'pipe, notices.changed',
      'title of the window',
    ])
  program.kill()
  rmSync(join(running.dataFolder, 'decoy'))
  await app.evaluate(({ BrowserWindow, clipboard }) => {
    BrowserWindow.getAllWindows()[0]?.setTitle('Putdesk')
    clipboard.clear()
  })
})

it('keeps secrets where they belong, whatever a person does, a server says or a process suffers', async () => {
  const { page } = running
  page.setDefaultTimeout(15_000)
  await startOnThisComputer(page)
  await learnServiceSecrets()
  await addHosters(page)
  await fetchAll(page)
  await useFiles(page, 'notes.txt', 'letter.doc')
  await play(page, 'film.mp4', ['film.mp4', 'second.mp4'])
  await signIn(page)
  await useFiles(page, 'far notes.txt', 'echo')
  await play(page, 'far film.mp4', ['far film.mp4', 'far second.mp4'])
  await signInWithTokens(page)
  await lookAtHistory(page)
  await watch.scanMemory()
  noteFiles()
  await crash()
  await watch.collect()
  await running.close()
  noteFiles()
  for (const { headers } of web.requests)
    watch.note(`headers for ${headers.host?.split(':')[0]}`, JSON.stringify(headers))
  for (const { headers } of echo.requests) watch.note('headers for the server', JSON.stringify(headers))

  expect(planted.length).toBeGreaterThanOrEqual(20)
  const leaks = watch.leaks.filter(({ canary }) => canary !== 'decoy')
  const isPermitted = (leak: { place: string; canary: string }) =>
    permitted.some(({ place, canaries }) => place.test(leak.place) && canaries.includes(leak.canary))
  expect(leaks.filter((leak) => !isPermitted(leak))).toEqual([])
  // What is not found where it has to be was not planted, or is not looked for.
  const missing = permitted.flatMap(({ place, canaries }) =>
    canaries.filter((canary) => !leaks.some((leak) => place.test(leak.place) && leak.canary === canary)),
  )
  expect(missing).toEqual([])
})

/** Looks through the data folder, the person's home and the temporary folder. */
function noteFiles(): void {
  for (const [path, all] of scanner.findBelow(tmpdir()))
    for (const one of all) watch.add({ ...one, place: `file ${relative(running.dataFolder, path)}` })
}

/** What the app and the local service made up for each other. */
async function learnServiceSecrets(): Promise<void> {
  const [line = ''] = readFileSync(join(apart, 'told'), 'utf8').split('\n')
  const { start }: { start: { key: string; secret: string; password: string } } = JSON.parse(line)
  const [ready = ''] = readFileSync(join(apart, 'ready'), 'utf8').split('\n')
  const { url }: { url: string } = JSON.parse(ready)
  const { results } = await ask(url, 'user.acctoken', { api_key: start.key, api_secret: start.secret })
  const { token }: { token: string } = JSON.parse(JSON.stringify(results))
  for (const [name, word] of Object.entries({ ...start, token }))
    if (['key', 'secret', 'password', 'token'].includes(name) && typeof word === 'string') {
      scanner.add({ name: `${name} of the local service`, word })
      planted.push(name)
    }
}

/** The history has the links of what was fetched, and does not show them. */
async function lookAtHistory(page: Page): Promise<void> {
  await page
    .getByRole('treeitem', { name: /^Your Files/ })
    .first()
    .click()
  await page.getByRole('tab', { name: /^Transfers/ }).click()
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('dialog', { name: 'History' }).getByText('private.txt').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Crashes the process that saves files and that of the window, as an error in their code would. */
async function crash(): Promise<void> {
  const ids = await running.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .filter(({ type, name }) => type === 'Tab' || name === 'Putdesk saver')
      .map(({ pid }) => pid),
  )
  expect(ids).toHaveLength(2)
  const haveEnded = ids.map((id) => expect.poll(() => isAlive(id)).toBe(false))
  for (const id of ids) process.kill(id, 'SIGSEGV')
  await Promise.all(haveEnded)
}

/** False for a process that has ended, and for one that has only not been asked for its exit code. */
function isAlive(id: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${id}/status`, 'utf8'))
  } catch {
    // There is none.
    return false
  }
}

async function addHosters(page: Page): Promise<void> {
  await page.keyboard.press('Control+,')
  for (const [host, fill] of [
    [
      'hoster.invalid',
      async () => {
        await page.getByLabel('User', { exact: true }).fill('me')
        await page.getByLabel('Password', { exact: true }).fill(hoster.password)
      },
    ],
    [
      'localhost',
      async () => {
        await page.getByText('Cookie', { exact: true }).click()
        await page.locator('input[type=password]').fill(hoster.cookie)
      },
    ],
  ] as const) {
    await page.getByRole('button', { name: 'Add a paid hoster…' }).click()
    await page.getByLabel('Host', { exact: true }).fill(host)
    await fill()
    await page.getByLabel('Keep on this computer').check()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: `Forget ${host}` }).waitFor()
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function fetchAll(page: Page): Promise<void> {
  const links = [
    ...['film.mp4', 'second.mp4', 'picture.png', 'notes.txt', 'letter.doc', 'locked.7z', 'moved.txt'].map((name) =>
      web.url(`/${name}`),
    ),
    web.url('/private.txt').replace('//', `//me:${source.linkPassword}@`),
    web.url(`/signed.txt?token=${source.linkToken}`),
    web.url(`/fragment.txt#access_token=${source.fragment}`),
    web.url(`/refused.bin?token=${source.refused}`),
    web.url('/paid.txt').replace('127.0.0.1', 'localhost'),
  ]
  await addLinks(page, ...links)
  for (const name of [
    'film.mp4',
    'second.mp4',
    'picture.png',
    'notes.txt',
    'letter.doc',
    'private.txt',
    'paid.txt',
    'fragment.txt',
  ])
    await row(page, name).waitFor()
  await row(page, 'picture.png').locator('canvas').waitFor()
  await page.getByRole('listitem', { name: /^refused\.bin, Error/ }).waitFor()
  await page.getByRole('button', { name: 'Enter password for “locked.7z”' }).click()
  await page.getByLabel('Password of the archive').fill(archivePassword)
  await page.keyboard.press('Enter')
  await row(page, 'inside.txt').waitFor()

  const torrent = join(apart, 'album.torrent')
  const info = { name: 'album', length: 1000, 'piece length': 16_384, pieces: Buffer.alloc(20), private: 1 }
  const trackers = [`/${source.announce}/announce`, `/announce?passkey=${source.passkey}`].map((path) => web.url(path))
  writeFileSync(torrent, bencode({ announce: trackers[0] ?? '', 'announce-list': trackers.map((one) => [one]), info }))
  await dropOnWindow(page, [], [torrent])
  await page.getByRole('checkbox', { name: 'Add album' }).waitFor()
  await page.getByRole('button', { name: 'Add 1 link' }).click()
  await Promise.all([web.asked(`/${source.announce}/announce`), web.asked('/announce')])

  const kept = [
    web.url('/later.txt').replace('//', `//me:${draft.link}@`),
    `ftp://me:${draft.ftp}@127.0.0.1:9/later.bin`,
  ]
  await dropOnWindow(page, [{ mimeType: 'text/plain', data: kept.join('\n') }])
  await page.getByText(/^Looking at/).waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Looks at one file, saves it, saves it in a zip, copies it, drags it, and opens another in its program. */
async function useFiles(page: Page, looked: string, other: string): Promise<void> {
  const { app } = running
  await app.evaluate(({ BrowserWindow, dialog }, target) => {
    const [window] = BrowserWindow.getAllWindows()
    if (window !== undefined)
      window.webContents.startDrag = (item) => void Reflect.set(globalThis, 'dragged', item.files)
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [target] })
  }, home.downloads)
  await row(page, looked).click()
  await page.keyboard.press('Space')
  await page
    .getByRole('dialog', { name: looked })
    .getByText(/first line|far away/)
    .waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+c')
  await page.getByText('Copied 1 file: paste it in another program').waitFor()
  await page.keyboard.press('Control+s')
  await page.getByRole('listitem', { name: new RegExp(`^${looked}, Saved, `) }).waitFor()
  await row(page, looked).click()
  await row(page, other).click({ modifiers: ['Control'] })
  await row(page, looked).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Save as a zip…' }).click()
  await page
    .getByRole('listitem', { name: /\.zip, Saved, / })
    .first()
    .waitFor()
  await row(page, looked).click()
  const box = await row(page, looked).boundingBox()
  await page.mouse.move((box?.x ?? 0) + 60, (box?.y ?? 0) + 8)
  await page.mouse.down()
  await page.mouse.move(-40, 300, { steps: 6 })
  await expect.poll(() => app.evaluate(() => Reflect.get(globalThis, 'dragged') ?? null)).not.toBeNull()
  await page.mouse.up()
  await page.mouse.move(300, 300)
  rmSync(opened, { force: true })
  await row(page, other === 'echo' ? looked : other).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open in its program' }).click()
  await expect.poll(() => existsSync(opened)).toBe(true)
}

/** Plays a film in mpv, in VLC, and with another as a list, and copies its stream link. */
async function play(page: Page, name: string, list: [string, string]): Promise<void> {
  await row(page, name).dblclick()
  const mpv = await joinMpv(socket)
  await mpv.until('time-pos', (value) => Number(value) > 0)
  await mpv.command('write-watch-later-config')
  await mpv.command('quit')
  await row(page, name).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open with' }).hover()
  await page.getByRole('menuitem', { name: 'VLC' }).click()
  await page.getByText(`Playing “${name}” in VLC`).waitFor()
  noteFiles()
  const config = `--config=${running.dataFolder}`
  for (const [id, line] of commandLines()) if (line.includes(config)) process.kill(id)
  await row(page, list[0]).click()
  await row(page, list[1]).click({ modifiers: ['Control'] })
  await page.keyboard.press('Enter')
  await page.getByText('Playing 2 items in mpv').waitFor()
  const both = await joinMpv(socket)
  await both.until('playlist-count', (count) => count === 2)
  noteFiles()
  await both.command('quit')
  await row(page, name).click()
  await row(page, name).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Copy stream link' }).click()
  await page.getByText(`Copied a link that plays “${name}” on this computer.`).waitFor()
  // The one thing that opens something and that a person puts on the clipboard by choice: a link of this computer, to one file, which
  // ends with the app.
  expect(await running.app.evaluate(({ clipboard }) => clipboard.readText())).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-f]{32}\/[\w%-]+\.mp4$/,
  )
}

async function signIn(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Actions for/ })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Add an account…' }).click()
  await page.getByRole('button', { name: 'A server with key and secret' }).click()
  await page.getByLabel('Address').fill(echo.url)
  await page.getByLabel('API key').fill(server.key)
  await page.getByLabel('API secret').fill(server.wrong)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page
    .getByRole('alert')
    .getByText(/^No user\.info/)
    .waitFor()
  await page.getByLabel('API secret').fill(server.secret)
  await page.getByLabel('Keep on this computer').check()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page
    .getByRole('treeitem', { name: /^Your Files/ })
    .nth(1)
    .click()
  await row(page, 'far notes.txt').waitFor()
  await page.keyboard.press('Control+Shift+N')
  await page
    .getByText(/No files\.create_dir/)
    .first()
    .waitFor()
}

/** Signs in to two accounts: with a code, and with a token that is wrong at first. */
async function signInWithTokens(page: Page): Promise<void> {
  await running.app.evaluate(({ shell }) => {
    shell.openExternal = async () => undefined
  })
  const openDoor = async () => {
    await page.getByRole('button', { name: 'Add an account' }).click()
    await page.getByRole('button', { name: 'Put.io account' }).click()
    await page.getByRole('button', { name: 'Advanced' }).click()
    await page.getByLabel('Address of the service').fill(signInServer.url)
    await page.getByLabel('Keep on this computer').check()
  }
  await openDoor()
  await page.getByRole('button', { name: 'Get a code' }).click()
  await page.getByRole('group', { name: 'Code' }).getByText(account.code).waitFor()
  await page.getByRole('button', { name: /^Open / }).click()
  signInServer.approve({ id: 7, name: 'mary' })
  await page.getByRole('tree', { name: /^mary · / }).waitFor()
  await openDoor()
  await page.getByRole('button', { name: 'Use a token' }).click()
  await page.getByLabel('Token', { exact: true }).fill(account.wrong)
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('does not accept this token').waitFor()
  await page.getByLabel('Token', { exact: true }).fill(signInServer.tokenFor({ id: 8, name: 'bob' }))
  await page.keyboard.press('Enter')
  await page.getByRole('tree', { name: /^bob · / }).waitFor()
}
