import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page as Tab } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
    ],
  })

/** Opens a tab. `strangers` receives every request to another origin, and every error of a script. */
export async function openTab(browser: Browser, origin: string, strangers: string[]): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const tab = await context.newPage()
  tab.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:')) strangers.push(url)
  })
  tab.on('pageerror', (error) => strangers.push(String(error)))
  return tab
}

/** What axe finds in the page at this moment, in both colour schemes. */
export async function violations(tab: Tab): Promise<string[]> {
  await tab.evaluate(axe)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    const all =
      await tab.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => '${colorScheme}: ' + id + ': ' + html.slice(0, 200) + ' ' + (any[0]?.message ?? ''))))`)
    found.push(...(all as string[]))
  }
  await tab.emulateMedia({ colorScheme: null })
  return found
}

/** By how much the page is wider than its window. */
export const overflow = (tab: Tab): Promise<unknown> =>
  tab.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
