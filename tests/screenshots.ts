import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { dropOnWindow, startApp } from './support/app.ts'
import { allowThisMachine, makeFolder, startOnThisComputer } from './support/steps.ts'

// Takes the pictures of the README: the real app, its real service, and links that are really fetched.

const docs = join(import.meta.dirname, '../docs')
const megabyte = 1_000_000
/** What the pictures' own web server offers: size, and how fast it gives it (null: at once). */
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

/** Zeros, as many and as fast as asked. */
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
const dataFolder = mkdtempSync(join(tmpdir(), 'putdesk-pictures-'))
const { page, close } = await startApp({ dataFolder })
await page.setViewportSize({ width: 1280, height: 800 })

await page.getByRole('button', { name: 'Start on this computer' }).waitFor()
await take(page, 'welcome')
await page.getByRole('button', { name: 'Sign in to a server' }).click()
await page.getByLabel('Address').fill('https://files.example.org')
await page.getByLabel('API key').fill('d3c7-mary')
await take(page, 'sign-in')
await page.getByRole('button', { name: 'Cancel' }).click()

await startOnThisComputer(page)
await allowThisMachine(page)

for (const name of ['Linux images', 'Music', 'Films']) await makeFolder(page, name)
await open(page, 'Films')
for (const name of ['Classics', '2026']) await makeFolder(page, name)
await open(page, '2026')
for (const name of ['Subtitles', 'Extras']) await makeFolder(page, name)
await add(page, links(...Object.keys(offers).slice(0, 7)))
await page.getByRole('row', { name: /tears-of-steel/ }).waitFor()
await page.getByText('No transfers.').waitFor({ timeout: 120_000 })
await add(page, links(...Object.keys(offers).slice(7, 11)))
await page.getByRole('listitem', { name: /open-movies-soundtrack.*Downloading/ }).waitFor()
await page.getByRole('listitem', { name: /lecture-recordings.*Error/ }).waitFor()
await page.getByRole('row', { name: /big-buck-bunny/ }).click()
await page.getByRole('row', { name: /jazz-at/ }).click({ modifiers: ['Control'] })
// Some seconds, so that speeds and times have settled and bars have something to show.
await page.waitForTimeout(9000)
await take(page, 'window')

await dropOnWindow(page, [
  { mimeType: 'text/plain', data: links('spring-2019.mkv', 'liner-notes.pdf', 'everything-2026.iso', 'gone.mp4') },
])
await page.getByText('cannot be fetched').first().waitFor()
await take(page, 'add-links')

await close()
server.closeAllConnections()
server.close()
rmSync(dataFolder, { recursive: true, force: true })

async function take(shown: Page, name: string): Promise<void> {
  await shown.mouse.move(700, 470)
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

async function add(shown: Page, text: string): Promise<void> {
  await dropOnWindow(shown, [{ mimeType: 'text/plain', data: text }])
  await shown.getByText('fits').first().waitFor()
  await shown.getByRole('button', { name: /^Add \d+ links?$/ }).click()
  await shown.getByRole('dialog', { name: 'Add links' }).waitFor({ state: 'detached' })
}
