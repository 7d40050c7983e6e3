import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page as Tab } from 'playwright-core'
import { type Page, serve } from '../../rehearsal/page/server.ts'

// The page as a person uses it, in Debian's Chromium. Nothing here knows how it is made.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
const pictures = 'reports/screenshots'

let browser: Browser
let page: Page
let context: BrowserContext
let tab: Tab
let strangers: string[]

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  browser = await chromium.launch({
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
})
afterAll(() => browser.close())

beforeEach(async () => {
  page = await serve()
  context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  tab = await context.newPage()
  strangers = []
  tab.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(new URL('/', page.address).href) && !url.startsWith('data:')) {
      strangers.push(url)
    }
  })
  tab.on('pageerror', (error) => strangers.push(String(error)))
  await tab.goto(page.address)
})
afterEach(async () => {
  await context.close()
  await page.close()
  expect(strangers).toEqual([])
})

const verdict = () => tab.locator('#run .verdict')

/** Opens the command's fold, fills what is given, presses its button, and waits for the end of the run. */
async function run(command: string, fields: Record<string, string> = {}): Promise<string> {
  const before = await tab.locator('#runs button').count()
  const fold = tab.locator('details[name=command]', {
    has: tab.locator(`summary:text("${command}")`),
  })
  if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click()
  for (const [label, value] of Object.entries(fields)) {
    const field = fold.getByLabel(label)
    if ((await field.evaluate((element: { tagName: string }) => element.tagName)) === 'SELECT') {
      await field.selectOption(value)
    } else await field.fill(value)
  }
  await fold.getByRole('button', { name: `Run ${command}` }).click()
  await tab.locator('#runs button').nth(before).waitFor()
  await tab.locator('#run .verdict:not(.busy)').waitFor()
  return (await verdict().textContent()) ?? ''
}

const generate = () => run('generate')

/** Copy button → paste → Public Key ID. */
async function exchange(): Promise<string> {
  await tab.locator('.summary .copyable', { hasText: 'BEGIN PUBLIC KEY' }).locator('.copy').click()
  await tab.getByLabel('Public key', { exact: true }).focus()
  await tab.keyboard.press('Control+V')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await tab.getByRole('status').filter({ hasText: 'The Public Key ID is' }).waitFor()
  await tab.locator('#keys .key').first().getByRole('button', { name: 'Copy' }).click()
  return tab.evaluate('navigator.clipboard.readText()')
}

const activate = (id: string) => run('activate', { 'Public Key ID': id })

const summary = () => tab.locator('.summary')

/** What axe finds, in the page as it stands, in both colour schemes. */
async function violations(of: Tab): Promise<string[]> {
  await of.evaluate(axe)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await of.emulateMedia({ colorScheme })
    found.push(
      ...((await of.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, any }) => '${colorScheme}: ' + id + ': ' + html.slice(0, 200) + ' ' + (any[0]?.message ?? ''))))`)) as string[]),
    )
  }
  await of.emulateMedia({ colorScheme: null })
  return found
}

/** The summary, as it would stand on GitHub, in both colour schemes. */
async function photograph(name: string) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    await summary().screenshot({ path: `${pictures}/${name}-${colorScheme}.png` })
  }
  await tab.emulateMedia({ colorScheme: null })
}

test('a whole rotation by clicks', async () => {
  expect(await generate()).toContain('staged')
  await photograph('staged')
  const first = await exchange()
  expect(first).toMatch(/^LIVE-[A-Z0-9]{24}$/)
  expect(await activate(first)).toContain('activated')

  await generate()
  const second = await exchange()
  expect(second).not.toBe(first)
  expect(await activate(first)).toContain('amazon-pay-rejected')
  expect(await activate(second)).toContain('activated')
  await photograph('activated')
  await run('status')
  await photograph('status')

  expect(await run('roll back')).toContain('activated')
  await expect(tab.locator('#orders').textContent()).resolves.toContain('accepted, 0 refused')
  expect(await run('retire')).toContain('still-accepted')
  const row = tab.locator('#keys .key', { hasText: second })
  await row.getByLabel('Type DELETE').fill('DELETE')
  await row.getByRole('button', { name: 'Delete keys' }).click()
  await tab.locator('#keys .key.deleted', { hasText: second }).waitFor()
  expect(await run('retire')).toContain('retired')
  expect(await run('status')).toContain('success')
  await expect(summary().textContent()).resolves.toContain(first)
  await expect(tab.locator('#secrets li').count()).resolves.toBe(2)
})
