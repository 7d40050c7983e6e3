// What `npm start` runs: any Node from 20 on, on a fresh clone too. It sees to the dependencies, and
// hands over to start.ts on the Node that the action itself runs on.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = dirname(dirname(fileURLToPath(import.meta.url)))
const windows = process.platform === 'win32'
const node = join(project, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
const args = process.argv.slice(2)

if (args.some((argument) => /gh[a-z]_|github_pat_|PRIVATE KEY/.test(argument))) {
  console.error('This is a rehearsal: it takes no token and no key. Revoke the one you typed here.')
  process.exit(2)
}
if (!existsSync(node)) {
  console.log('A fresh clone: installing the dependencies once (npm ci).')
  const { status } = spawnSync('npm', ['ci'], { cwd: project, stdio: 'inherit', shell: windows })
  if (status !== 0) process.exit(status ?? 1)
}

// Nothing of what this shell knows (tokens, proxies, NODE_OPTIONS) belongs in a rehearsal.
const env = Object.fromEntries(
  ['PATH', 'HOME', 'LANG', 'TERM', 'TMPDIR', 'TEMP', 'SystemRoot', 'NO_COLOR', 'COLUMNS'].flatMap(
    (name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]),
  ),
)
const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', join(project, 'rehearsal', 'start.ts'), ...args],
  { cwd: project, env, stdio: 'inherit' },
)
// The child ends what it started, and this one waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130)
})
