/**
 * Builds dist/ from src/: compiled by TypeScript, bundled by ncc, with the licences and a bill of materials of what is
 * inside. The same sources give the same bytes on any machine. `--out FOLDER` builds elsewhere, and `--stats FILE` keeps
 * the bundler's own list of modules, and what it bundled in lib/.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { billOfMaterials, bundledPackages, licenceTexts, type Stats } from './notices.ts'
import { patches } from './patches.ts'

const { out, stats } = parseArgs({
  options: { out: { type: 'string', default: 'dist' }, stats: { type: 'string' } },
}).values
const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
const run = (command: string, ...args: string[]): unknown =>
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })

// Bundled in a temporary folder and moved at the end, so that a failed build leaves dist/ as it was.
const temporary = mkdtempSync(join(tmpdir(), 'build-'))
const lib = join(root, 'lib')
rmSync(lib, { recursive: true, force: true })
process.on('exit', () => {
  for (const folder of stats ? [temporary] : [temporary, lib])
    rmSync(folder, { recursive: true, force: true })
})

run(join(bin, 'tsc'), '-p', 'tsconfig.build.json')
// Without `"type": "module"`, the bundler writes CommonJS, which Node.js loads faster.
writeFileSync(join(lib, 'package.json'), '{}')

// The bundler finds these copies before the packages in node_modules, which stay as npm installed them. A whole scope is
// copied, since its packages import each other.
const patched = patches()
for (const scope of new Set(patched.map(({ name }) => name.split('/')[0] ?? name))) {
  cpSync(join(root, 'node_modules', scope), join(lib, 'node_modules', scope), { recursive: true })
}
for (const { name, file } of patched) {
  run('git', 'apply', `--directory=lib/node_modules/${name}`, file)
}

const bundle = join(temporary, 'dist')
const statsFile = join(temporary, 'stats.json')
const options = ['--minify', '--no-cache', '--quiet', '--target', 'es2023']
run(join(bin, 'ncc'), 'build', 'lib/index.js', '-o', bundle, ...options, '--stats-out', statsFile)
const bundled = JSON.parse(readFileSync(statsFile, 'utf8')) as Stats
const complaints = [...(bundled.errors ?? []), ...(bundled.warnings ?? [])]
if (complaints.length > 0) throw new Error(complaints.map(({ message }) => message).join('\n'))

const packages = bundledPackages(bundled)
writeFileSync(join(bundle, 'licenses.txt'), licenceTexts(packages))
writeFileSync(
  join(bundle, 'sbom.cdx.json'),
  `${JSON.stringify(billOfMaterials(packages), null, 2)}\n`,
)

// The package.json of this repository would make Node.js take the bundle for an ECMAScript module.
writeFileSync(join(bundle, 'package.json'), '{ "type": "commonjs" }\n')

const target = resolve(root, out)
rmSync(target, { recursive: true, force: true })
cpSync(bundle, target, { recursive: true })
if (stats) copyFileSync(statsFile, resolve(stats))
for (const name of readdirSync(target).sort()) {
  console.log(`${String(statSync(join(target, name)).size).padStart(9)}  ${out}/${name}`)
}
