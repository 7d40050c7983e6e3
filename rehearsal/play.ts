import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { styleText } from 'node:util'
import sshpk from 'sshpk'
import { showLog } from './log.ts'
import type { RunResult } from './runner.ts'
import { openScene, REPOSITORY, type Slot, secret, steps } from './scene.ts'
import type { OrderResult } from './shop.ts'

/** A line of the story: a run of the action, or what a person did. */
export interface Played {
  act: string
  title: string
  /** Undefined for a person's step. */
  run?: RunResult
  command: string
  /** What it came to: the outputs `status` and `error-code`. */
  outcome: string
  /** Empty when it went as it should. */
  complaints: string[]
  slots: Slot[]
  order: OrderResult | undefined
}

interface Expected {
  status: string
  code?: string
  outputs?: Record<string, string>
}

const project = dirname(dirname(fileURLToPath(import.meta.url)))
const timeFactor = 20

/** A key's whole life, with a shop that goes on selling. True when all of it went as it should. */
export async function play({ verbose = false } = {}): Promise<boolean> {
  const began = performance.now()
  const scene = await openScene({ timeFactor })
  const { github, amazonPay } = scene
  const story: Played[] = []
  let act = ''
  let shown = ''

  say(styleText('bold', 'amazon-pay-keys, rehearsed'))
  say(
    'GitHub and Amazon Pay are stand-ins on 127.0.0.1; the action is the real one, dist/index.js.\n' +
      `Waits between retries are shortened (${timeFactor} times); nothing else differs from a run on GitHub.`,
  )
  try {
    await firstKey()
    await rotation()
    await manyRepositories()
    await leak()
  } finally {
    await scene.close()
  }

  const failed = story.filter(({ complaints }) => complaints.length > 0)
  const orders = story.filter(({ order }) => order !== undefined)
  const path = join(project, 'rehearsal-report.html')
  const { report } = await import('./page/report.ts')
  writeFileSync(path, await report(story))
  say('')
  say(
    failed.length === 0
      ? `${mark(true)} All ${story.length} steps went as they should; the shop signed ${orders.length} orders, and Amazon Pay accepted each. ${seconds(began)}`
      : `${mark(false)} ${failed.length} of ${story.length} steps did not go as they should: ${failed.map(({ title }) => title).join('; ')}`,
  )
  say(`  Every log and every summary as GitHub shows them: ${pathToFileURL(path)}`)
  say('  To press the buttons yourself: npm start -- --serve')
  return failed.length === 0

  /* ------------------------------------------------------------------ story */

  async function firstKey() {
    begin('The first key')
    const first = await run('a new key is staged', steps.generate, {
      expect: { status: 'staged', outputs: { 'new-key': 'true' } },
      show: true,
    })
    await run('a key waits for its exchange', steps.status, { expect: { status: 'ok' } })
    await run('once more: the same key is shown again', steps.generate, {
      expect: {
        status: 'staged',
        outputs: { 'new-key': 'false', fingerprint: first.outputs.fingerprint ?? '' },
      },
    })
    const repository = github.repository(REPOSITORY)
    github.setSecret(repository, 'BROUGHT', openSshKey())
    await run(
      'an OpenSSH key with Windows line ends is valid, with a warning',
      { command: 'validate', 'private-key': secret('BROUGHT') },
      { expect: { status: 'valid' } },
    )
    github.setSecret(repository, 'BROUGHT', first.outputs['public-key'] ?? '')
    await run(
      'the public key where the private one belongs is a mistake with a name',
      { command: 'validate', 'private-key': secret('BROUGHT') },
      { expect: { status: 'failed', code: 'key-wrong-half' } },
    )
    github.deleteSecret(repository, 'BROUGHT')
    const id = await exchange(first)
    await run(
      'the pair is proved, and becomes current',
      { ...steps.activate, 'public-key-id': id },
      { expect: { status: 'activated', outputs: { 'amazon-pay': 'accepted' } } },
    )
    await run('the first step of a deploy: does Amazon Pay accept this pair?', steps.guard, {
      expect: { status: 'valid', outputs: { 'amazon-pay': 'accepted' } },
    })
  }

  async function rotation() {
    begin('The second key, ninety-one days later')
    grow(91)
    const old = currentId()
    await run('the key is due', steps.status, {
      expect: { status: 'ok', outputs: { 'rotation-due': 'true' } },
    })
    const second = await run('the next key is staged', steps.generate, {
      expect: { status: 'staged' },
    })
    const id = await exchange(second)
    await run(
      'a wrong Public Key ID is rejected',
      { ...steps.activate, 'public-key-id': old },
      { expect: { status: 'failed', code: 'amazon-pay-rejected' } },
    )
    await run(
      'the right one is accepted',
      { ...steps.activate, 'public-key-id': id },
      { expect: { status: 'activated' } },
    )
    await run(
      'roll back to the previous pair',
      { ...steps.rollBack, 'public-key-id': previousId() },
      { expect: { status: 'activated', outputs: { 'public-key-id': old } } },
    )
    await run(
      'roll forward again',
      { ...steps.rollBack, 'public-key-id': previousId() },
      { expect: { status: 'activated', outputs: { 'public-key-id': id } } },
    )
    await run('the previous key still stands', steps.status, { expect: { status: 'ok' } })
    await run('refused as long as the old key works', steps.retire, {
      expect: { status: 'failed', code: 'still-accepted' },
    })
    await person('deletes the old key in Integration Central', () => {
      amazonPay.deleteKey(old)
      return old
    })
    await run('the old key is gone, and is cleared up', steps.retire, {
      expect: { status: 'retired' },
    })
    await run('nothing to do', steps.status, { expect: { status: 'ok' } })
  }

  async function manyRepositories() {
    begin('Three repositories at once')
    const names = [REPOSITORY, 'acme/checkout', 'acme/mobil']
    github.addRepository('acme/checkout', { visibility: 'public' })
    github.addRepository('acme/mobile')
    const token = github.addToken('ghs_of_an_app_without_checkout', {
      repositories: [REPOSITORY, 'acme/mobile'],
    })
    const writes = github.writes.length
    await run(
      'one forbidden, one misspelt: told together, nothing written',
      { ...steps.generate, repository: names.join('\n'), token },
      { expect: { status: 'failed', code: 'token-forbidden' } },
      () => (github.writes.length === writes ? [] : ['something was written']),
    )
  }

  async function leak() {
    begin('The private key has leaked')
    const leaked = currentId()
    const key = await run('its successor is staged', steps.generate, {
      expect: { status: 'staged' },
    })
    await run('the successor waits', steps.status, { expect: { status: 'ok' } })
    const id = await exchange(key)
    await run(
      'the successor becomes current; nothing is kept of the leaked key',
      {
        command: 'activate',
        'private-key': secret('AMAZON_PAY_PRIVATE_KEY_NEXT'),
        'public-key-id': id,
        'keep-previous': 'false',
      },
      { expect: { status: 'activated' } },
    )
    await run('the successor is current', steps.status, { expect: { status: 'ok' } })
    await person('deletes the leaked key in Integration Central', () => {
      amazonPay.deleteKey(leaked)
      return leaked
    })
    await run('all is well', steps.status, { expect: { status: 'ok' } })
  }

  /* ------------------------------------------------------------------- stage */

  function begin(title: string) {
    act = title
    say(`\n${styleText(['bold', 'underline'], title)}`)
  }

  async function run(
    title: string,
    inputs: Record<string, string>,
    { expect, show = false }: { expect: Expected; show?: boolean },
    check: () => string[] = () => [],
  ): Promise<RunResult> {
    const { command = '' } = inputs
    progress(`${command}: ${title} …`)
    const result = await scene.start(inputs).running.done
    const { outputs, exitCode, duration } = result
    const outcome = outputs['error-code'] || outputs.status || 'no status'
    const complaints = [...differences(result, expect), ...check()]
    await tell({ title, command, outcome, run: result, complaints }, `${secondsOf(duration)}`)
    if (show || verbose || exitCode !== 0 || complaints.length > 0) {
      say(framed(showLog(result.log, process.stdout.isTTY), 'log'))
    }
    if (show || verbose) say(framed(result.summaryScrubbed, 'summary'))
    scenery()
    return result
  }

  async function person(title: string, deed: () => string) {
    await tell({ title, command: '(person)', outcome: deed(), complaints: [] })
  }

  /** What the summary asks for: the public key in, a Public Key ID out. */
  async function exchange({ outputs }: RunResult): Promise<string> {
    let id = ''
    await person('exchanges the public key in Integration Central', () => {
      id = amazonPay.exchange({
        region: 'eu',
        view: 'live',
        publicKey: outputs['public-key'] ?? '',
        name: `shop ${outputs.fingerprint?.slice(7, 15)}`,
      })
      return id
    })
    return id
  }

  async function tell(
    played: Pick<Played, 'title' | 'command' | 'outcome' | 'complaints'> & { run?: RunResult },
    time = '',
  ) {
    const order = await scene.order()
    const complaints = [...played.complaints]
    if (order?.accepted === false) complaints.push(`the shop's order was refused: ${order.message}`)
    story.push({ ...played, act, complaints, slots: scene.slots(), order })
    const number = String(story.length).padStart(2)
    const ok = complaints.length === 0
    progress('')
    say(
      `${mark(ok)} ${number}  ${played.command.padEnd(8)}  ${played.title} ${styleText('dim', '→')} ${styleText('bold', played.outcome)} ${styleText('dim', time)}`,
    )
    for (const complaint of complaints) say(styleText('red', `              ${complaint}`))
  }

  /** What stands in secrets (opened, by fingerprint only), variables and artifacts, when it has changed. */
  function scenery() {
    const { order } = story.at(-1) ?? {}
    const rows = [
      ...scene
        .slots()
        .map(
          ({ slot, fingerprint, record, publicKeyId }) =>
            `${slot.padEnd(9)} secret ${short(fingerprint)} variable ${short(record?.fingerprint)} ${publicKeyId ?? record?.publicKeyId ?? ''}`,
        ),
      `artifact  ${saveArtifacts() ?? 'none'}`,
    ].map((row) => row.trimEnd())
    const seen = rows.join('\n') === shown ? ['secrets, variables and artifacts as before'] : rows
    shown = rows.join('\n')
    const sold =
      order === undefined
        ? 'the shop has no key yet'
        : `the shop’s order is ${order.accepted ? 'accepted' : 'refused'}`
    const [last = '', ...above] = seen.reverse()
    for (const row of [...above.reverse(), `${last}; ${sold}`]) {
      say(styleText('dim', `              ${row}`))
    }
  }

  /** To be looked at with openssl; gives the newest. */
  function saveArtifacts(): string | undefined {
    const folder = join(project, 'reports', 'rehearsal')
    mkdirSync(folder, { recursive: true })
    const paths = github.artifacts.map(({ name, bytes }) => {
      writeFileSync(join(folder, name), bytes)
      return relative(project, join(folder, name))
    })
    return paths.at(-1)
  }

  /** The records get older, as if so many days had passed. */
  function grow(days: number) {
    const repository = github.repository(REPOSITORY)
    for (const { name, value } of repository.variables.values()) {
      const aged = value.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (time) =>
        new Date(Date.parse(time) - days * 86_400_000).toISOString().replace(/\.\d+/, ''),
      )
      github.setVariable(repository, name, aged)
    }
  }

  function currentId() {
    return scene.slots()[0]?.record?.publicKeyId ?? ''
  }
  function previousId() {
    return scene.slots()[2]?.record?.publicKeyId ?? ''
  }
}

function differences({ exitCode, outputs }: RunResult, expected: Expected): string[] {
  const { status, code, outputs: more = {} } = expected
  const wanted: Record<string, string> = { status, ...(code && { 'error-code': code }), ...more }
  const wrong = Object.entries(wanted).filter(([name, value]) => outputs[name] !== value)
  const exit = status === 'failed' ? 1 : 0
  return [
    ...(exitCode === exit ? [] : [`exit code ${exitCode} instead of ${exit}`]),
    ...wrong.map(
      ([name, value]) => `output ${name} is ‘${outputs[name] ?? ''}’ instead of ‘${value}’`,
    ),
  ]
}

/** A key as a Windows laptop has it: right, and yet refused by most of Amazon Pay's SDKs. */
function openSshKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return sshpk.parsePrivateKey(privateKey, 'pem').toString('ssh').replaceAll('\n', '\r\n')
}

const say = (text: string) => console.log(text)

/** A line that the next one replaces, on a terminal only. */
function progress(text: string) {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${text}`)
}

const framed = (text: string, title: string) => {
  const bar = styleText('dim', '│')
  const lines = text.trimEnd().split('\n')
  const top = styleText('dim', `╭─ ${title}`)
  return [`              ${top}`, ...lines.map((line) => `              ${bar} ${line}`)].join('\n')
}

const short = (fingerprint: string | undefined) =>
  fingerprint === undefined ? '–'.padEnd(16) : `${fingerprint.slice(0, 15)}…`

const mark = (ok: boolean) => (ok ? styleText('green', '✔') : styleText('red', '✘'))
const secondsOf = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
const seconds = (since: number) => secondsOf(performance.now() - since)
