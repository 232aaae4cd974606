import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { dropOnWindow, startApp } from '../support/app.ts'
import { makeHome } from '../support/home.ts'
import { addLinks, makeFolder, startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { cleanUp, makeTorrent, startLibtorrent } from '../support/torrents.ts'
import { startTracker } from '../support/tracker.ts'
import { file, startWeb } from '../support/web.ts'

// Takes the screenshots for the README: the real app, its real service, and links that are really fetched.

const docs = join(import.meta.dirname, '../../docs')
const megabyte = 1_000_000
/** The files of the screenshots' own web server: their sizes, and how fast they are sent (null: at once). */
const offers: Record<string, { size: number; bytesPerSecond: number | null }> = {
  'big-buck-bunny-1080p.mp4': { size: 355 * megabyte, bytesPerSecond: null },
  'elephants-dream.mkv': { size: 212 * megabyte, bytesPerSecond: null },
  'sintel-trailer-hdr10.mkv': { size: 164 * megabyte, bytesPerSecond: null },
  'tears-of-steel.1080p.web.x264.mp4': { size: 138 * megabyte, bytesPerSecond: null },
  'jazz-at-the-pawnshop.flac': { size: 31 * megabyte, bytesPerSecond: null },
  'liner-notes.pdf': { size: 2.1 * megabyte, bytesPerSecond: null },
  'press-kit.zip': { size: 48 * megabyte, bytesPerSecond: null },
  'debian-13.5.0-amd64-DVD-1.iso': { size: 3_970 * megabyte, bytesPerSecond: 38.1 * megabyte },
  'cosmos-laundromat-4k.mp4': { size: 612 * megabyte, bytesPerSecond: 12.4 * megabyte },
  'open-movies-soundtrack.flac': { size: 220 * megabyte, bytesPerSecond: 2.6 * megabyte },
  'lecture-recordings.mp4': { size: 734 * megabyte, bytesPerSecond: null },
  'spring-2019.mkv': { size: 940 * megabyte, bytesPerSecond: null },
  'everything-2026.iso': { size: 240_000 * megabyte, bytesPerSecond: null },
}

const server = createServer((request, response) => {
  const name = decodeURIComponent((request.url ?? '').slice(1))
  const offer = offers[name]
  const isGone = name === 'lecture-recordings.mp4' && request.method !== 'HEAD' && request.headers.range === undefined
  if (offer === undefined || isGone) return response.writeHead(404).end()
  response.writeHead(200, { 'content-length': offer.size, 'accept-ranges': 'none' })
  if (request.method === 'HEAD') response.end()
  else void send(response, offer.size, offer.bytesPerSecond)
})

/** Sends `size` zeros at `bytesPerSecond`. */
async function send(response: ServerResponse, size: number, bytesPerSecond: number | null): Promise<void> {
  response.setMaxListeners(0)
  const block = Buffer.alloc(bytesPerSecond === null ? 4 * megabyte : bytesPerSecond / 20)
  for (let left = size; left > 0 && !response.destroyed; left -= block.length) {
    const isTaken = response.write(left < block.length ? block.subarray(0, left) : block)
    if (bytesPerSecond !== null) await new Promise((resolve) => setTimeout(resolve, 50))
    else if (!isTaken) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
  }
  response.end()
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
const links = (...names: string[]) => names.map((name) => `${base}/${encodeURIComponent(name)}`).join('\n')
const web = await startWeb()
const material = temporaryFolder('material')
const parts = makeParts()
const magnet = await makeMagnet()
makeLocked()
const dataFolder = temporaryFolder('pictures')
const { page, close } = await startApp({
  dataFolder,
  settings: {
    hostsOnMyNetwork: ['127.0.0.1'],
    downloadLimitBytesPerSecond: 2 * megabyte,
    saveLimitBytesPerSecond: 100_000,
  },
  environment: makeHome('config').environment,
})
await page.setViewportSize({ width: 1280, height: 800 })

await page.getByRole('button', { name: 'Start on this computer' }).waitFor()
await take(page, 'welcome')
await page.getByRole('button', { name: 'Sign in to a server' }).click()
await page.getByLabel('Address').fill('https://files.example.org')
await page.getByLabel('API key').fill('d3c7-mary')
await take(page, 'sign-in')
await page.getByRole('button', { name: 'Cancel' }).click()

await startOnThisComputer(page)

for (const name of ['Linux images', 'Music', 'Films']) await makeFolder(page, name)
await open(page, 'Films')
for (const name of ['Classics', '2026']) await makeFolder(page, name)
await open(page, '2026')
for (const name of ['Subtitles', 'Extras']) await makeFolder(page, name)
await addLinks(page, links(...Object.keys(offers).slice(0, 7)))
await page.getByRole('row', { name: /tears-of-steel/ }).waitFor()
await page.getByText('No transfers.').waitFor({ timeout: 120_000 })
await addLinks(page, links(...Object.keys(offers).slice(7, 11)))
await page.getByRole('listitem', { name: /open-movies-soundtrack.*Downloading/ }).waitFor()
await page.getByRole('listitem', { name: /lecture-recordings.*Error/ }).waitFor()
await page.getByRole('row', { name: /big-buck-bunny/ }).click()
await page.getByRole('row', { name: /jazz-at/ }).click({ modifiers: ['Control'] })
// A few seconds for speeds and times to settle, and for the bars to show something.
await page.waitForTimeout(9000)
await take(page, 'window')

await dropOnWindow(page, [
  {
    mimeType: 'text/plain',
    data: [
      links('spring-2019.mkv'),
      ...parts,
      magnet,
      web.url('/field-notes.zip'),
      links('everything-2026.iso', 'gone.mp4'),
    ].join('\n'),
  },
])
await page.getByText('cannot be fetched').first().waitFor()
await page.getByText(/^Looking at/).waitFor({ state: 'detached' })
await take(page, 'add-links')
await page.keyboard.press('Escape')

// A file, a torrent with an archive in it, and an archive in parts, side by side, among others.
const cancels = await page.getByRole('button', { name: /^Cancel “/ }).all()
for (const cancel of cancels.reverse()) await cancel.click()
await page.getByText('No transfers.').waitFor()
await addLinks(
  page,
  links('debian-13.5.0-amd64-DVD-1.iso'),
  magnet,
  ...parts,
  `magnet:?xt=urn:btih:${'d'.repeat(40)}&dn=the-general-1926`,
  web.url('/field-notes.zip'),
)
await page.getByRole('listitem', { name: /field-notes\.zip, Error/ }).waitFor({ timeout: 120_000 })
await page.getByRole('listitem', { name: /lectures.*, Extracting, [3-9]\d / }).waitFor({ timeout: 120_000 })
await take(page, 'transfers')

// Pictures and films that can be looked at, saved, and deleted.
for (const cancel of (await page.getByRole('button', { name: /^Cancel “/ }).all()).reverse()) await cancel.click()
await page.getByText('No transfers.').waitFor()
await page.getByRole('treeitem', { name: 'Your Files' }).click()
await makeFolder(page, 'Summer')
await open(page, 'Summer')
await addLinks(page, ...makePictures())
await page.getByRole('row', { name: /^valley/ }).waitFor()
await page.getByText('No transfers.').waitFor()
await page.getByRole('row', { name: /^coast/ }).click()
await page.keyboard.press('Control+2')
for (const name of ['coast', 'evening', 'fractal', 'lake', 'valley'])
  await page.getByRole('gridcell', { name }).locator('canvas').waitFor()
await take(page, 'grid')
await page.keyboard.press('Space')
await page.getByText(/1,600 × /).waitFor()
await take(page, 'quick-look')
await page.keyboard.press('Escape')
await page.keyboard.press('Control+1')

// A film that plays while it arrives.
await addLinks(page, web.url('/crossing.mp4'))
await page.getByRole('button', { name: 'Play now: “crossing.mp4”' }).waitFor()
await page.waitForTimeout(4000)
await take(page, 'play-now')
await page.getByRole('button', { name: 'Cancel “crossing.mp4”' }).click()
await page.getByText('No transfers.').waitFor()

await page.getByRole('row', { name: /^coast/ }).click()
await page.keyboard.press('Control+a')
await page.getByRole('row', { name: /^evening/ }).click({ button: 'right' })
await page.getByRole('menuitem', { name: 'Save as a zip…' }).hover()
await take(page, 'zip-menu', { isPointerKept: true })
await page.keyboard.press('Escape')
await page.keyboard.press('Control+s')
await page.getByRole('listitem', { name: /^notes\.txt, Saved/ }).waitFor()
await page.getByRole('listitem', { name: /^lake\.mp4, Saving/ }).waitFor()
await page.waitForTimeout(3000)
await take(page, 'saving')
await page.getByRole('row', { name: /^coast/ }).click()
await page.getByRole('row', { name: /^evening/ }).click({ modifiers: ['Control'] })
await page.keyboard.press('Delete')
await page.getByRole('row', { name: /^coast/ }).waitFor({ state: 'detached' })
await page.getByRole('treeitem', { name: /^Trash/ }).click()
await page.getByRole('row', { name: /^coast/ }).waitFor()
await take(page, 'trash')

await close()
await cleanUp()
await web.stop()
server.closeAllConnections()
server.close()

async function take(shown: Page, name: string, { isPointerKept = false } = {}): Promise<void> {
  if (!isPointerKept) await shown.mouse.move(700, 470)
  for (const colorScheme of ['light', 'dark'] as const) {
    await shown.emulateMedia({ colorScheme })
    await shown.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))')
    await shown.screenshot({ path: join(docs, `${name}-${colorScheme}.png`) })
  }
  await shown.emulateMedia({ colorScheme: 'light' })
}

async function open(shown: Page, name: string): Promise<void> {
  await shown.getByRole('row', { name: new RegExp(`^${name}`) }).dblclick()
  await shown.getByRole('grid', { name: `Items in ${name}` }).waitFor()
}

/** An archive in four parts whose unpacking takes long enough for a screenshot. */
function makeParts(): string[] {
  writeFileSync(join(material, 'lecture.bin'), randomBytes(30 * megabyte))
  pack('-t7z', '-m0=PPMd:mem=64m:o=32', '-v8m', 'lectures.7z', 'lecture.bin')
  const names = readdirSync(material).filter((name) => name.startsWith('lectures.7z.'))
  for (const name of names) web.on(`/${name}`, file(readFileSync(join(material, name))))
  return names.map((name) => web.url(`/${name}`))
}

/** A torrent with an archive in it, which a peer on this machine shares. */
async function makeMagnet(): Promise<string> {
  const announce = await startTracker()
  writeFileSync(join(material, 'trailer.mkv'), randomBytes(40 * megabyte))
  pack('-tzip', '-mx=0', 'extras.zip', 'trailer.mkv')
  const torrent = await makeTorrent({
    name: 'open-movies-collection',
    pieceLength: 256 * 1024,
    files: [
      { path: ['extras.zip'], bytes: readFileSync(join(material, 'extras.zip')) },
      { path: ['poster.jpg'], bytes: randomBytes(megabyte) },
    ],
    extra: { announce },
  })
  const peer = await startLibtorrent(torrent)
  return `${torrent.magnet}&dn=open-movies-collection&tr=${encodeURIComponent(announce)}&x.pe=127.0.0.1:${peer.port}`
}

/** Pictures, films and a text, made by ffmpeg. */
function makePictures(): string[] {
  const gradient = (colors: string, seed: number) =>
    `gradients=size=1600x1000:nb_colors=4:${colors}:seed=${seed}:duration=12:rate=25`
  const sources: Record<string, string> = {
    'coast.jpg': gradient('c0=0xf6d6a8:c1=0xd98a6a:c2=0x7a4a78:c3=0x2b2a55', 3),
    'evening.jpg': gradient('c0=0x1b2b4b:c1=0x3f5f8f:c2=0xe8a06a:c3=0xf7e0b0', 8),
    'fractal.png': 'mandelbrot=size=1600x1000:start_scale=0.3:start_x=-0.7436:start_y=-0.1318',
    'lake.mp4': gradient('c0=0x0b3d4b:c1=0x1f7a8c:c2=0xbfdbf7:c3=0xe1e5f2', 5),
    'valley.webm': gradient('c0=0x13341f:c1=0x4f772d:c2=0x90a955:c3=0xecf39e', 11),
  }
  for (const [name, source] of Object.entries(sources)) {
    const frames = /\.(jpg|png)$/.test(name) ? ['-frames:v', '1'] : ['-t', '12', '-pix_fmt', 'yuv420p']
    const args = ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...frames, join(material, name)]
    const { status, stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`ffmpeg could not make ${name}: ${stderr}`)
  }
  const slow = { bytesPerSecond: 25_000, headers: { 'accept-ranges': 'bytes' } }
  web.on('/crossing.mp4', file(readFileSync(join(material, 'lake.mp4')), slow))
  writeFileSync(
    join(material, 'notes.txt'),
    'Take the early ferry.\nThe path to the lake starts behind the mill.\n'.repeat(20),
  )
  const names = [...Object.keys(sources), 'notes.txt']
  for (const name of names) web.on(`/${name}`, file(readFileSync(join(material, name))))
  return names.map((name) => web.url(`/${name}`))
}

/** A zip with a password. */
function makeLocked(): void {
  writeFileSync(join(material, 'field-notes.txt'), randomBytes(3 * megabyte).toString('hex'))
  pack('-tzip', '-psealed', 'field-notes.zip', 'field-notes.txt')
  web.on('/field-notes.zip', file(readFileSync(join(material, 'field-notes.zip')), { type: 'application/zip' }))
}

function pack(...args: string[]): void {
  const { status, stdout } = spawnSync('7zz', ['a', ...args], { cwd: material, encoding: 'utf8' })
  if (status !== 0) throw new Error(`7zz could not pack: ${stdout}`)
}
