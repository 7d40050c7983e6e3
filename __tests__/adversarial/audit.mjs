// A preload for tests: tells which files the action opens for writing and which processes and threads it
// starts, in the file AUDIT_FILE. It changes nothing of what they do.
import child from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import workers from 'node:worker_threads'

const file = process.env.AUDIT_FILE
delete process.env.AUDIT_FILE
const { appendFileSync } = fs
// Writing the note opens a file as well.
let telling = false
const tell = (kind, what) => {
  if (telling) return
  telling = true
  appendFileSync(file, `${JSON.stringify({ kind, what })}\n`)
  telling = false
}

const isWrite = (flags) => !(flags === undefined || flags === 'r' || flags === 0)
const wrap = (object, name, seen) => {
  const original = object[name]
  object[name] = function (...args) {
    seen(args)
    return new.target ? new original(...args) : original.apply(this, args)
  }
  // What Node.js hangs on its functions, such as their promisified form.
  Object.setPrototypeOf(object[name], original)
}

const everyWrite = (object, names) => {
  for (const name of names) wrap(object, name, ([path]) => tell('write', String(path)))
}
everyWrite(fs.promises, ['writeFile', 'appendFile', 'copyFile', 'rename', 'symlink', 'link'])
everyWrite(fs, [
  ...['writeFile', 'writeFileSync', 'appendFile', 'appendFileSync', 'createWriteStream'],
  ...[
    'copyFile',
    'copyFileSync',
    'rename',
    'renameSync',
    'symlink',
    'symlinkSync',
    'link',
    'linkSync',
  ],
])
for (const [object, name] of [
  [fs.promises, 'open'],
  [fs, 'open'],
  [fs, 'openSync'],
]) {
  wrap(object, name, ([path, flags]) => isWrite(flags) && tell('write', String(path)))
}
for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
  wrap(child, name, (args) =>
    tell(
      'process',
      JSON.stringify(args, (_, value) => (typeof value === 'function' ? '' : value)),
    ),
  )
}
wrap(workers, 'Worker', ([script]) => tell('thread', String(script)))
syncBuiltinESMExports()
