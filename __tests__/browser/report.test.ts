import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { report } from '../../rehearsal/page/report.ts'
import { playedLives } from '../../rehearsal/play/acts.ts'
import { playStory } from '../../rehearsal/play.ts'
import { launch, openTab, overflow, violations } from './browser.ts'

// The report of `npm start` is one file. The play itself is run as a whole by .ci/run.

test('The report of a play opens by keyboard, and contains every summary and no private key', async () => {
  const story = playedLives.find(({ situation }) => situation === 'existing')
  if (story === undefined) throw new Error('no story')
  const played = await playStory(story, () => {})
  expect(played.flatMap(({ complaints }) => complaints)).toEqual([])

  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  const file = join(folder, 'report.html')
  writeFileSync(file, await report(played))
  const address = pathToFileURL(file).href
  const strangers: string[] = []
  const browser = await launch()
  try {
    const tab = await openTab(browser, address, strangers)
    await tab.goto(address)
    const steps = tab.locator('details.step')
    await expect(steps.count()).resolves.toBe(played.length)
    await steps.first().locator('summary').first().focus()
    await tab.keyboard.press('Enter')
    await steps.first().locator('.markdown-body').waitFor()
    await tab.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
    expect(await tab.content()).not.toMatch(/PRIVATE KEY-----/)
    expect(await violations(tab)).toEqual([])
    await tab.setViewportSize({ width: 360, height: 740 })
    expect(await overflow(tab)).toBe(0)
    expect(strangers).toEqual([])
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
})

test('npm start takes no token, and explains itself', () => {
  const { status, stderr } = spawnSync('node', ['rehearsal/start.mjs', `ghp_${'a1'.repeat(18)}`], {
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stderr).toContain('takes no token')
  const said = execFileSync('node', ['rehearsal/start.mjs', '--help'], { encoding: 'utf8' })
  expect(said).toContain('--serve')
})
