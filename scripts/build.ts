/**
 * Builds dist/ from src/: compiled by TypeScript, bundled by ncc, with the licences and a bill of materials
 * of what is inside. The same sources give the same bytes, on any machine.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const run = (command: string, ...args: string[]): string =>
  execFileSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })

for (const folder of ['lib', 'dist']) rmSync(join(root, folder), { recursive: true, force: true })
run('tsc', '-p', 'tsconfig.build.json')
run('ncc', 'build', 'lib/index.js', '-o', 'dist', '-m', '--license', 'licenses.txt')
rmSync(join(root, 'lib'), { recursive: true })
writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(billOfMaterials(), null, 2)}\n`)

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
