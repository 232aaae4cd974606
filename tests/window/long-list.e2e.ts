import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, expect, it } from 'vitest'
import { openDatabase } from '../../server/core/data/database.ts'
import { openContent } from '../../server/core/space/content.ts'
import { createSpace } from '../../server/core/space/space.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { pngOf } from '../support/contents.ts'
import { startOnThisComputer } from '../support/steps.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// A list that is longer than the screen uses its elements again for other items. Nothing of the items before may stay.

const count = 500
let running: RunningApp | null = null
afterEach(async () => {
  await running?.dispose()
  running = null
})

const nameOf = (index: number) => `file ${index}.${index % 10 === 0 ? 'png' : 'txt'}`

/** Files in an order that is not that of the list; every tenth of them is a picture. */
function fillSpace(data: string) {
  const db = openDatabase(data)
  const content = openContent(data, db)
  const userId = Number(db.sql.prepare('SELECT id FROM users').get()?.id)
  const files = Array.from({ length: count }, (_, at) => {
    const index = (at * 211) % count
    const bytes = index % 10 === 0 ? pngOf(64, 48) : Buffer.alloc(index + 1, 'x')
    const id = index.toString(16).padStart(32, '0')
    mkdirSync(dirname(content.path(id)), { recursive: true })
    writeFileSync(content.path(id), bytes)
    return { path: [nameOf(index)], sizeBytes: bytes.length, content: id }
  })
  db.transact(() => createSpace(db, userId).addTree({ parentId: 0, files, folders: [] }))
  db.close()
}

async function openLongList(): Promise<Page> {
  const dataFolder = temporaryFolder('e2e')
  const first = await startApp({ dataFolder })
  await startOnThisComputer(first.page)
  await first.close()
  fillSpace(join(dataFolder, 'service'))
  running = await startApp({ dataFolder })
  await running.page.getByText(nameOf(0), { exact: true }).waitFor()
  return running.page
}

/** The rows as a screen reader gets them: in the order of `aria-owns`, if there is one. */
function rowsIn(page: Page) {
  return page.locator('#items').evaluate((list) => {
    const body = list.querySelector('[data-place]')?.parentElement
    const owned = body?.getAttribute('aria-owns')?.split(' ')
    const rows = owned?.map((id) => document.getElementById(id)) ?? [...(body?.children ?? [])]
    return rows.map((row) => ({
      place: Number(row?.getAttribute('data-place')),
      rowIndex: Number(row?.getAttribute('aria-rowindex')),
      name: row?.querySelector('bdi')?.textContent,
      title: row?.querySelector('[role="gridcell"]')?.getAttribute('title'),
      kind: row?.children[1]?.textContent,
      isSelected: row?.getAttribute('aria-selected'),
      hasPicture: row?.querySelector('canvas') !== null,
      top: (row?.getBoundingClientRect().top ?? 0) - (body?.getBoundingClientRect().top ?? 0),
    }))
  })
}

async function scrollTo(page: Page, row: number) {
  await page.locator('#items').evaluate((list, top) => list.scrollTo(0, top), row * 32)
  await page.locator(`#items [data-place="${row}"]`).waitFor()
}

it('shows every item in its place, with nothing of another one, however the list is scrolled', async () => {
  const page = await openLongList()
  await page.getByText(nameOf(2), { exact: true }).click()
  for (const row of [20, 35, 480, 33, 0, 3, 250]) {
    await scrollTo(page, row)
    // A thumbnail is made for a row that stays for a moment.
    await page.locator('#items canvas').nth(1).waitFor()
    const rows = await rowsIn(page)
    const [first = Number.NaN] = rows.map(({ place }) => place)
    expect(rows).toEqual(
      rows.map(({ hasPicture }, index) => {
        const place = first + index
        const isPicture = place % 10 === 0
        return {
          place,
          rowIndex: place + 2,
          name: nameOf(place),
          title: nameOf(place),
          kind: isPicture ? 'Picture' : 'Text',
          isSelected: `${place === 2}`,
          hasPicture: isPicture && hasPicture,
          top: place * 32,
        }
      }),
    )
  }
})

it('shows the last row whole after End, the first after Home, and keeps an open name field with its item', async () => {
  const page = await openLongList()
  const list = page.locator('#items')
  const isWhole = (row: number) =>
    list.evaluate((element, row) => {
      const box = element.querySelector(`[data-place="${row}"]`)?.getBoundingClientRect()
      const { bottom } = element.getBoundingClientRect()
      const header = element.firstElementChild?.getBoundingClientRect().bottom ?? 0
      return box !== undefined && box.top >= header && box.bottom <= bottom
    }, row)
  await page.getByText(nameOf(1), { exact: true }).click()
  for (let down = 0; down < 30; down += 1) await page.keyboard.press('ArrowDown')
  await expect.poll(() => isWhole(31)).toBe(true)
  await page.keyboard.press('End')
  await expect.poll(() => isWhole(count - 1)).toBe(true)
  await page.keyboard.press('Home')
  await expect.poll(() => isWhole(0)).toBe(true)
  await page.keyboard.press('F2')
  const field = page.getByRole('textbox', { name: 'New name' })
  await field.waitFor()
  await scrollTo(page, 200)
  expect(await field.count()).toBe(0)
  await scrollTo(page, 0)
  expect(await page.locator('#items [data-place]:has(input)').evaluateAll((rows) => rows.length)).toBeLessThanOrEqual(1)
})
