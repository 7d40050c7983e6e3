import { spawnSync } from 'node:child_process'
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

// Runs once, before all tests.

/** What the tests need beyond npm, and the Debian package that contains it. */
const tools = { openssl: 'openssl', 'ssh-keygen': 'openssh-client', git: 'git' }

export default async function prepareTests() {
  assertTools(tools)
  // A key pair takes a while to make, and nearly every test file needs some. keys.ts hands them out.
  // Mutation testing begins the tests anew for each mutant, and brings the keys along.
  if (process.env.READY_KEYS) return
  const pairs = await Promise.all(
    Array.from({ length: 64 }, () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 })),
  )
  // Of 64 keys, all fit into one environment variable, which has 128 KiB at most.
  process.env.READY_KEYS = pairs
    .map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))
    .join(' ')
}

/** Ends with one line when a program is missing, instead of with a hundred failed tests. */
export function assertTools(needed, end = (code) => process.exit(code)) {
  const missing = Object.keys(needed).filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error?.code === 'ENOENT',
  )
  if (missing.length === 0) return
  const packages = missing.map((tool) => needed[tool]).join(' ')
  console.error(`The tests need ${missing.join(', ')}: apt-get install ${packages}`)
  end(1)
}
