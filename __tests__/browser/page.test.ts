import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page as Tab,
} from 'playwright-core'
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

async function copy(from: Locator) {
  await from.getByRole('button', { name: 'Copy' }).click()
  await from.locator('.copied').waitFor()
}

/** Copy button → paste → Public Key ID. */
async function exchange(): Promise<string> {
  await copy(tab.locator('.summary .copyable', { hasText: 'BEGIN PUBLIC KEY' }))
  await tab.getByLabel('Public key', { exact: true }).focus()
  await tab.keyboard.press('Control+V')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await tab.getByRole('status').filter({ hasText: 'The Public Key ID is' }).waitFor()
  await copy(tab.locator('#keys .key').first())
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

describe('what can go wrong', () => {
  const fault = (name: string, on = true) =>
    Promise.all([
      tab.waitForResponse(/\/faults$/),
      tab.getByRole('checkbox', { name }).setChecked(on),
    ])

  test('a token without permission', async () => {
    await fault('may not write secrets')
    expect(await generate()).toContain('token-forbidden')
    await expect(tab.locator('#run .annotation.error').count()).resolves.toBeGreaterThan(0)
    await expect(tab.locator('#secrets').textContent()).resolves.toContain('No secrets yet')
  })

  test('GitHub answers 503', async () => {
    await fault('503')
    expect(await generate()).toContain('github-unavailable')
    await fault('503', false)
    expect(await generate()).toContain('staged')
  })

  test('Amazon Pay rejects', async () => {
    await generate()
    const id = await exchange()
    await fault('knows no Public Key ID')
    expect(await activate(id)).toContain('amazon-pay-rejected')
    await fault('knows no Public Key ID', false)
    expect(await activate(id)).toContain('activated')
  })

  test('a clock that is slow', async () => {
    await generate()
    const id = await exchange()
    await fault('20 minutes slow')
    expect(await activate(id)).toContain('activated')
    await tab.locator('#orders .order.good').first().waitFor()
  })

  test('a runner that is killed inside the pair; one more run heals it', async () => {
    await generate()
    await activate(await exchange())
    await generate()
    const id = await exchange()
    await fault('killed')
    expect(await activate(id)).toContain('killed')
    await tab.locator('#orders .order.bad').first().waitFor()
    await fault('killed', false)
    expect(await activate(id)).toContain('activated')
    await tab.locator('#orders li:first-child.good').waitFor()
  })

  test('a mistaken key, a mistaken paste, a real-looking token', async () => {
    await generate()
    const pem = (await tab.locator('.summary pre').first().textContent()) ?? ''
    expect(await run('validate', { 'Private key': pem })).toContain('key-wrong-half')
    await tab.getByLabel('Public key', { exact: true }).fill('ssh-rsa AAAA')
    await tab.getByRole('button', { name: 'Create keys' }).click()
    await tab.getByRole('status').filter({ hasText: 'not a public key' }).waitFor()

    await tab.locator('summary', { hasText: 'More inputs' }).click()
    await tab.getByLabel('As below').fill(`token: github_pat_${'a1'.repeat(30)}`)
    const runs = await tab.locator('#runs button').count()
    await tab.locator('summary', { hasText: 'status' }).click()
    await tab.getByRole('button', { name: 'Run status' }).click()
    await tab.getByRole('status').filter({ hasText: 'looks like a real token' }).waitFor()
    await expect(tab.locator('#runs button').count()).resolves.toBe(runs)
  })
})

describe('for everybody', () => {
  test('nothing for axe to find, in light and dark', async () => {
    expect(await violations(tab)).toEqual([])
    await generate()
    const id = await exchange()
    expect(await violations(tab)).toEqual([])
    await run('retire')
    await activate(id)
    await run('activate', { 'Public Key ID': 'too short' })
    expect(await violations(tab)).toEqual([])
    await run('status')
    expect(await violations(tab)).toEqual([])
  })

  test('fits a phone', async () => {
    await tab.setViewportSize({ width: 360, height: 740 })
    await generate()
    await activate(await exchange())
    await run('status')
    expect(await overflow(tab)).toBe(0)
  })

  test('works from the keyboard', async () => {
    await tab.locator('summary', { hasText: 'status' }).focus()
    for (const key of ['Enter', 'Tab', 'Tab', 'Enter']) await tab.keyboard.press(key)
    await tab.locator('#run .verdict.success').waitFor()
  })
})

/** By how much the page is wider than its window. */
const overflow = (of: Tab) =>
  of.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

describe('for nobody else', () => {
  const ask = (path: string, headers: Record<string, string>, body?: string) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(page.address)
      const method = body === undefined ? 'GET' : 'POST'
      request({ hostname, port, path, method, headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', reject)
        .end(body)
    })

  test('answers its own page only', async () => {
    const { host, origin, hash } = new URL(page.address)
    const own = { host, origin, 'x-rehearsal-token': hash.slice(1) }
    expect(await ask('/', { host })).toBe(200)
    expect(await ask('/view', own)).toBe(200)
    expect(await ask('/faults', own, '{}')).toBe(200)

    expect(await ask('/', { host: 'rebound.example' })).toBe(403)
    expect(await ask('/view', { host })).toBe(403)
    expect(await ask('/faults', { ...own, 'x-rehearsal-token': 'guess' }, '{}')).toBe(403)
    expect(await ask('/faults', { ...own, origin: 'https://evil.example' }, '{}')).toBe(403)
    expect(await ask('/faults', { host, 'x-rehearsal-token': hash.slice(1) }, '{}')).toBe(403)
  })
})

test('npm start plays to its end, and its report is one file', async () => {
  const secret = `ghp_${'a1'.repeat(18)}`
  const said = execFileSync('node', ['rehearsal/start.mjs'], {
    encoding: 'utf8',
    env: { ...process.env, GITHUB_TOKEN: secret },
  })
  const address = /file:\S+rehearsal-report\.html/.exec(said)?.[0] ?? ''
  await tab.goto(address)
  await tab.evaluate('for (const step of document.querySelectorAll("details")) step.open = true')
  strangers = strangers.filter((url) => url !== address)

  expect(await tab.locator('.summary .markdown-body').count()).toBeGreaterThan(20)
  expect(await tab.content()).not.toMatch(/PRIVATE KEY-----/)
  expect(said + (await tab.content())).not.toContain(secret)
  expect(await violations(tab)).toEqual([])
  await tab.setViewportSize({ width: 360, height: 740 })
  expect(await overflow(tab)).toBe(0)
})
