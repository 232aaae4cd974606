import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What is checked in a theme. */
function optionsFor(theme: 'light' | 'dark') {
  return { resultTypes: ['violations'], ...(theme === 'dark' && { runOnly: ['color-contrast'] }) }
}

/** Fails if axe finds a violation in the window. In the second theme only the colours differ. */
export async function expectClean(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // axe cannot judge colours that are still in transition.
    await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))')
    // Evaluated from outside, so that the page's own policy stays as it is.
    const findings =
      await page.evaluate(`${axe}; axe.run(document, ${JSON.stringify(optionsFor(colorScheme))}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, any }) => html.slice(0, 160) + ' ' + (any[0]?.message ?? '')).join(' | ')))`)
    expect(findings, `${colorScheme} theme`).toEqual([])
  }
}
