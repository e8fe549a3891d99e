/** Barriers that axe-core finds in a page as it is now: wide and narrow, light and dark. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** One line for each barrier. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found: string[] = []
  for (const width of [1280, 320]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
      for (const { id, help, nodes } of violations)
        for (const { html, any } of nodes)
          found.push(`${width} ${colorScheme}: ${id}: ${help}: ${html} ${any.map(({ message }) => message).join('; ')}`)
    }
  }
  return found
}
