// What `npm start` runs: on any Node.js from 20 on, and on a fresh clone. It installs the dependencies where they are
// missing, and continues in start.ts on the Node.js that the action itself runs on.
import { spawn } from 'node:child_process'
import { existsSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = dirname(dirname(fileURLToPath(import.meta.url)))
const isWindows = process.platform === 'win32'
const node = join(project, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node')
const args = process.argv.slice(2)

if (args.some((argument) => /gh[a-z]_|github_pat_|PRIVATE KEY/.test(argument))) {
  console.error('The rehearsal takes no token and no key. Revoke the one that you typed here.')
  process.exit(2)
}
if (!existsSync(node) || !existsSync(join(project, 'node_modules', '.package-lock.json'))) {
  const code = await install()
  if (code !== 0) process.exit(code)
}
process.exitCode = await rehearse()

/** Runs `npm ci`, and says every ten seconds that it goes on. */
async function install() {
  console.log(
    'The first start installs about 700 MB into node_modules (npm ci). This takes about two minutes.',
  )
  const began = Date.now()
  const free = freeMegabytes()
  const seconds = () => Math.round((Date.now() - began) / 1000)
  const progress = setInterval(() => {
    console.log(
      `  ${seconds()} s: about ${Math.max(0, Math.round((free - freeMegabytes()) / 10) * 10)} MB`,
    )
  }, 10_000)
  const npm = spawn('npm', ['ci', '--no-progress'], {
    cwd: project,
    stdio: 'inherit',
    shell: isWindows,
  })
  const code = await ended(npm)
  clearInterval(progress)
  console.log(code === 0 ? `Installed in ${seconds()} s.\n` : 'npm ci has failed: see above.')
  return code
}

function freeMegabytes() {
  const { bfree, bsize } = statfsSync(project)
  return (bfree * bsize) / 1e6
}

/** Nothing of this shell's environment (tokens, proxies, NODE_OPTIONS) reaches the rehearsal. */
function rehearse() {
  const names = ['PATH', 'HOME', 'LANG', 'TERM', 'TMPDIR', 'TEMP', 'SystemRoot', 'COLUMNS']
  const env = Object.fromEntries(
    [...names, 'NO_COLOR', 'FORCE_COLOR'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  )
  const script = join(project, 'rehearsal', 'start.ts')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...args], {
    cwd: project,
    env,
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return ended(child)
}

function ended(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)))
  })
}
