import { request } from 'node:http'
import type { Browser, Locator, Page as Tab } from 'playwright-core'
import { type Page, serve } from '../../rehearsal/page/server.ts'
import { launch, openTab, overflow, violations } from './browser.ts'

// The page as a person uses it, in a real browser. Nothing here knows how it is made.

let browser: Browser
let page: Page
let tab: Tab
let strangers: string[]

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

beforeEach(async () => {
  page = await serve()
  strangers = []
  tab = await openTab(browser, new URL('/', page.address).href, strangers)
  await tab.goto(page.address)
  await offered('Fill in generate').waitFor()
})
afterEach(async () => {
  await tab.context().close()
  await page.close()
  expect(strangers).toEqual([])
})

const offered = (label: string): Locator =>
  tab.locator('#next').getByRole('button', { name: label })
const offer = (label: string) => offered(label).click()
const card = (name: string | RegExp): Locator => tab.getByRole('region', { name })
const slot = (name: string): Locator => tab.locator('#keys tr', { hasText: name })
const shop = () => card(/^The shop/)

/** Presses the button of the form, and waits for the end of the run. Returns how it ended, and why. */
async function run(): Promise<string> {
  const form = card(/^Run workflow/)
  await form.getByRole('button', { name: 'Run workflow' }).click()
  await said(/: (success|failure)/).waitFor()
  return (await tab.locator('#run .verdict').first().textContent()) ?? ''
}

/** What is said below the form of the workflow. */
const said = (text: RegExp): Locator =>
  card(/^Run workflow/)
    .getByRole('status')
    .filter({ hasText: text })

/** Chooses a command by hand. */
async function fillIn(command: string, id = ''): Promise<void> {
  await tab.locator('#command').selectOption(command)
  await tab.getByLabel('public-key-id').fill(id)
}

/** Takes the offers until the Public Key ID is there. */
async function exchange(): Promise<string> {
  await offer('Paste the public key')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await card(/^Integration Central/)
    .getByRole('status')
    .filter({ hasText: 'Created: its Public Key ID is below' })
    .waitFor()
  return (await tab.locator('#pay-keys code').first().textContent()) ?? ''
}

/** generate, Integration Central, activate, and the deploy that it starts: as the page offers them. */
async function rotate(): Promise<string> {
  await offer('Fill in generate')
  expect(await run()).toContain('staged')
  const id = await exchange()
  await offer('Fill in activate')
  await expect(tab.getByLabel('public-key-id').inputValue()).resolves.toBe(id)
  expect(await run()).toContain('activated')
  await offered('Let 91 days pass').or(offered('Go to the previous key')).waitFor()
  return id
}

/** Copy button, paste, Copy button: without any offer. */
async function exchangeByHand(): Promise<string> {
  await copy(tab.locator('.summary .copyable', { hasText: 'BEGIN PUBLIC KEY' }))
  await tab.locator('.summary a', { hasText: 'Integration Central' }).first().click()
  await tab.getByLabel('Public key', { exact: true }).focus()
  await tab.keyboard.press('Control+V')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await tab.locator('#pay-keys .key', { hasText: 'K2' }).waitFor()
  await copy(tab.locator('#pay-keys .key').first())
  const id = await tab.evaluate('navigator.clipboard.readText()')
  return String(id)
}

async function copy(from: Locator): Promise<void> {
  await from.getByRole('button', { name: 'Copy' }).click()
  await from.locator('.copied').waitFor()
}

async function startOver(situation: string): Promise<void> {
  await tab.getByLabel('Begin with').selectOption({ label: situation })
  await tab.getByRole('button', { name: 'Start over' }).click()
}

const fault = async (label: string) => {
  const fold = tab.locator('#form details', { hasText: 'Faults in the next run' })
  if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click()
  await tab.getByRole('checkbox', { name: label }).check()
}
const isTicked = (label: string) => tab.getByLabel(label).isChecked()

test('A new shop gets its first key, is rotated, rolled back and retired by what the page offers', async () => {
  await expectAllInSight()
  expect(await violations(tab)).toEqual([])
  const first = await rotate()
  await shop().getByText('acme/shop signs with K1').waitFor()

  await offer('Let 91 days pass')
  await tab.locator('#runs').getByText('by schedule').waitFor()
  await tab.locator('#next', { hasText: '91 days old: it is due' }).waitFor()
  await offer('Fill in generate')
  await run()
  const second = await exchangeByHand()
  await tab.locator('.summary a', { hasText: '.pub' }).click()
  await expect(tab.locator('#stored a:focus').textContent()).resolves.toContain('.pub')
  await tab.locator('#stored-fold > summary').click()
  await tab.locator('.summary li a', { hasText: 'this workflow' }).click()
  await expect(tab.locator('#command').inputValue()).resolves.toBe('activate')
  await tab.getByLabel('public-key-id').fill(second)
  expect(await run()).toContain('activated')
  await shop().getByText('acme/shop signs with K2').waitFor()
  await expect(slot('previous').textContent()).resolves.toContain(first)
  await offer('Go to the previous key')
  await expectAllInSight()
  expect(await violations(tab)).toEqual([])

  await tab.locator('#command').selectOption('rollback')
  expect(await run()).toContain('rolled-back')
  await shop().getByText('acme/shop signs with K1').waitFor()
  await fillIn('retire')
  expect(await run()).toContain('still-accepted')
  expect(await violations(tab)).toEqual([])

  await offer('Go to the previous key')
  await tab.keyboard.type('DELETE')
  await tab.keyboard.press('Enter')
  await tab.locator('#pay-keys .deleted', { hasText: second }).waitFor()
  await tab.locator('#next button:focus', { hasText: 'Fill in retire' }).press('Enter')
  expect(await run()).toContain('retired')
  await expect(slot('previous').textContent()).resolves.toContain('empty')
  await expect(shop().textContent()).resolves.toContain('0 refused')
})

async function expectAllInSight(): Promise<void> {
  for (const name of [/^Run workflow/, /^The shop/, /^The keys/, /^Integration Central/]) {
    await expect(isInSight(card(name))).resolves.toBe(true)
  }
}

async function isInSight(element: Locator): Promise<boolean> {
  const { x = -1, y = -1, width = 0, height = 0 } = (await element.boundingBox()) ?? {}
  return x >= 0 && y >= 0 && x + width <= 1280 && y + height <= 800
}

test('A run that is killed inside the pair refuses no order, and the same command finishes it', async () => {
  await rotate()
  await offer('Fill in generate')
  await run()
  const id = await exchange()
  await offer('Fill in activate')
  await fault('the runner is killed')
  expect(await run()).toContain('killed')
  expect(await isTicked('the runner is killed')).toBe(false)
  await slot('current').getByText('torn').waitFor()

  await offer('Deploy now')
  await shop().getByText('stopped by its guard, amazon-pay-rejected').waitFor()
  await shop().getByText('acme/shop signs with K1').waitFor()
  expect(await violations(tab)).toEqual([])
  await expectAllInSight()

  expect(await run()).toContain('locked')
  await offer('Let 15 minutes pass')
  await offer('Fill in activate again')
  expect(await run()).toContain('activated')
  await shop().getByText('acme/shop signs with K2').waitFor()
  await expect(slot('current').textContent()).resolves.toContain(id)
  await expect(shop().textContent()).resolves.toContain('0 refused')
})

test('Each fault happens once, is said once, and unticks itself', async () => {
  await offer('Fill in generate')
  await fault('GitHub answers 503')
  expect(await run()).toContain('github-unavailable')
  expect(await isTicked('GitHub answers 503')).toBe(false)
  await expect(tab.locator('#run .annotation').count()).resolves.toBe(0)

  await offered('Fill in generate again').waitFor()
  await fault('the App may not write')
  expect(await run()).toContain('token-forbidden')
  expect(await run()).toContain('staged')
  await exchange()
  await offer('Fill in activate')
  await fault('Amazon Pay does not know')
  expect(await run()).toContain('amazon-pay-rejected')
  await fault('7 minutes slow')
  expect(await run()).toContain('activated')
  expect(await isTicked('7 minutes slow')).toBe(false)
  await said(/The slow clock was corrected: see Warnings/).waitFor()
  await tab.locator('#run .summary', { hasText: /clock/ }).waitFor()
})

test('A shop that has a key is adopted, three repositories are rotated, a reviewer brings the ID', async () => {
  await startOver('a shop with a key')
  await offer('Fill in adopt')
  expect(await run()).toContain('adopted')

  await startOver('three repositories')
  await offer('Fill in generate')
  expect(await run()).toContain('app-not-installed')
  await offer('Install the App')
  await rotate()
  await expect(shop().getByText('signs with K1').count()).resolves.toBe(3)
  await expectAllInSight()
  expect(await violations(tab)).toEqual([])

  await startOver('one run with approval')
  await offer('Fill in generate')
  await card(/^Run workflow/)
    .getByRole('button', { name: 'Run workflow' })
    .click()
  await exchange()
  await offer('Paste the Public Key ID into the comment')
  expect(await violations(tab)).toEqual([])
  await tab.getByRole('button', { name: 'Approve and deploy' }).click()
  await tab.locator('#run .verdict', { hasText: 'activated' }).waitFor()
  await said(/: success/).waitFor()
  await offer('Go to the review')
  await tab.getByRole('button', { name: 'Approve and deploy' }).click()
  await shop().getByText('acme/shop signs with K1').waitFor()
})

test('It fits a phone, and a first key needs nothing but the keyboard', async () => {
  await tab.setViewportSize({ width: 360, height: 740 })
  await tab.locator('#command').focus()
  for (const key of ['g', 'Tab', 'Tab', 'Tab', 'Tab', 'Enter']) await tab.keyboard.press(key)
  await tab.locator('#run .verdict.success', { hasText: 'generate' }).waitFor()
  expect(await overflow(tab)).toBe(0)
  expect(await violations(tab)).toEqual([])

  await offered('Paste the public key').press('Enter')
  await tab.keyboard.press('Enter')
  await offered('Fill in activate').press('Enter')
  await tab.keyboard.press('Enter')
  await offered('Let 91 days pass').press('Enter')
  await tab.locator('#next button:focus', { hasText: 'Fill in generate' }).waitFor()
  expect(await overflow(tab)).toBe(0)
})

test('A mistaken paste is refused below the form that it was pasted into', async () => {
  const central = card(/^Integration Central/)
  await tab.getByLabel('Public key', { exact: true }).fill('ssh-rsa AAAA')
  await tab.getByRole('button', { name: 'Create keys' }).click()
  await central.getByRole('status').filter({ hasText: 'not a public key' }).waitFor()

  await fillIn('activate', `github_pat_${'a1'.repeat(30)}`)
  await card(/^Run workflow/)
    .getByRole('button', { name: 'Run workflow' })
    .click()
  await card(/^Run workflow/)
    .getByRole('status')
    .filter({ hasText: 'real token' })
    .waitFor()
  await expect(tab.locator('#runs button').count()).resolves.toBe(0)
})

describe('The page answers only itself', () => {
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

  test('Another host, another origin and a guessed token are refused', async () => {
    const { host, origin, hash } = new URL(page.address)
    const own = { host, origin, 'x-rehearsal-token': hash.slice(1) }
    expect(await ask('/', { host })).toBe(200)
    expect(await ask('/view', own)).toBe(200)
    expect(await ask('/deploy', own, '{}')).toBe(200)

    expect(await ask('/', { host: 'rebound.example' })).toBe(403)
    expect(await ask('/view', { host })).toBe(403)
    expect(await ask('/deploy', { ...own, 'x-rehearsal-token': 'guess' }, '{}')).toBe(403)
    expect(await ask('/deploy', { ...own, origin: 'https://evil.example' }, '{}')).toBe(403)
    expect(await ask('/deploy', { host, 'x-rehearsal-token': hash.slice(1) }, '{}')).toBe(403)
    expect(await ask('/toString', own, '{}')).toBe(404)
  })
})
