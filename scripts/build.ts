/**
 * Builds dist/ from src/: compiled by TypeScript, bundled by ncc, with the licences and a bill of materials
 * of what is inside. The same sources give the same bytes, on any machine.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const run = (command: string, ...args: string[]): string =>
  execFileSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })

const remove = (folder: string): void =>
  rmSync(join(root, folder), { recursive: true, force: true })

// Built beside dist and put in its place at the end, so that a failed build leaves the old one alone.
for (const folder of ['lib', 'lib-dist']) remove(folder)
run('tsc', '-p', 'tsconfig.build.json')
run('ncc', 'build', 'lib/index.js', '-o', 'lib-dist', '-m', '--license', 'licenses.txt')
remove('lib')
writeFileSync(
  join(root, 'lib-dist/sbom.cdx.json'),
  `${JSON.stringify(billOfMaterials(), null, 2)}\n`,
)

if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, 'lib'))
renameSync(join(root, 'lib-dist'), join(root, 'dist'))
remove('lib')

/** npm's CycloneDX bill of materials of the production dependencies, without what changes at every call. */
function billOfMaterials(): object {
  const text = execFileSync(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const {
    serialNumber: _,
    metadata,
    ...bom
  } = JSON.parse(text) as {
    serialNumber: string
    metadata: { timestamp?: string; tools?: unknown }
  }
  const { timestamp: __, tools: ___, ...rest } = metadata
  return { ...bom, metadata: rest }
}

const bytes = (name: string): number => readFileSync(join(root, 'dist', name)).length
for (const name of readdirSync(join(root, 'dist')).sort()) {
  console.log(`${String(bytes(name)).padStart(9)}  dist/${name}`)
}
