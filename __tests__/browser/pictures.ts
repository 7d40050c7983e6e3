import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page as Tab } from 'playwright-core'
import { serve } from '../../rehearsal/page/server.ts'
import { launch, openTab } from './browser.ts'

// Takes the pictures of the README anew: `npx node __tests__/browser/pictures.ts`.

const folder = join(import.meta.dirname, '..', '..', 'docs', 'images')

const page = await serve()
const browser = await launch()
try {
  mkdirSync(folder, { recursive: true })
  const tab = await openTab(browser, new URL('/', page.address).href, [])
  await tab.goto(page.address)
  await stage(tab)
  await tab.setViewportSize({ width: 1500, height: 2400 })
  await take(tab, 'summary', '#run .summary')

  await tab.setViewportSize({ width: 1280, height: 800 })
  await offer(tab, 'Paste the public key')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await offer(tab, 'Fill in activate')
  await run(tab)
  await tab.getByText('accepted', { exact: false }).first().waitFor()
  await offer(tab, 'Let 91 days pass')
  await tab.locator('#next', { hasText: 'it is due' }).waitFor()
  await stage(tab)
  await tab.waitForTimeout(3000)
  await take(tab, 'rehearsal', 'body')
} finally {
  await browser.close()
  await page.close()
}

async function stage(shown: Tab): Promise<void> {
  await offer(shown, 'Fill in generate')
  await run(shown)
}

function offer(shown: Tab, label: string): Promise<void> {
  return shown.locator('#next').getByRole('button', { name: label }).click()
}

async function run(shown: Tab): Promise<void> {
  await shown.getByRole('button', { name: 'Run workflow' }).click()
  await shown
    .locator('#form .said')
    .filter({ hasText: /: success/ })
    .waitFor()
  await shown.locator('#runs .busy').waitFor({ state: 'detached' })
}

/** The focus is not part of the picture. */
async function take(shown: Tab, name: string, selector: string): Promise<void> {
  await shown.evaluate(
    'document.activeElement.blur(); for (const one of document.querySelectorAll(".said")) one.textContent = ""',
  )
  for (const colorScheme of ['light', 'dark'] as const) {
    await shown.emulateMedia({ colorScheme })
    await shown.locator(selector).screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
}
