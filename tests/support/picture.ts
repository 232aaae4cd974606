import type { Page } from 'playwright-core'

/** Takes a picture in light and in dark, if the environment names a folder for them. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env.PUTDESK_PICTURES
  if (folder === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))')
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` })
  }
}
