/**
 * Builds dist/ from src/: compiled by TypeScript, bundled by ncc, with the licences and a bill of materials
 * of what is inside. The same sources give the same bytes, on any machine.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { minifySync, parseSync } from '@swc/core'

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
leaveOutOidc()
run('ncc', 'build', 'lib/index.js', '-o', 'lib-dist', '-m', '--license', 'licenses.txt')
remove('lib')
minifyChunks(join(root, 'lib-dist'))
writeFileSync(
  join(root, 'lib-dist/sbom.cdx.json'),
  `${JSON.stringify(billOfMaterials(), null, 2)}\n`,
)

if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, 'lib'))
renameSync(join(root, 'lib-dist'), join(root, 'dist'))
remove('lib')

/**
 * @actions/core asks for OIDC tokens with an HTTP client that is two thirds of the bundle, and that a step which
 * stays offline never needs. The package does not say that its modules do nothing when they are loaded; the
 * copies that are bundled do, so that what nobody calls is left out (docs/performance.md has the gain). All
 * of @actions is copied, so that each of its modules is in the bundle once.
 */
function leaveOutOidc(): void {
  const copies = join(root, 'lib/node_modules/@actions')
  for (const name of ['artifact', 'core', 'exec', 'github', 'http-client', 'io']) {
    cpSync(join(root, 'node_modules/@actions', name), join(copies, name), { recursive: true })
  }
  const manifest = join(copies, 'core/package.json')
  const core = JSON.parse(readFileSync(manifest, 'utf8')) as object
  writeFileSync(manifest, JSON.stringify({ ...core, sideEffects: false }))
}

/**
 * ncc minifies the entry only. The chunks are minified here: to ASCII, since a single letter beyond Latin-1 makes
 * V8 keep the whole text in two bytes a letter, and each of their modules goes back into the parentheses that
 * webpack gave it, which tell V8 to compile it right away. Without them it is read twice, and minified code
 * starts slower than plain code.
 */
function minifyChunks(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => /^\d+\.index\.js$/.test(name))) {
    const path = join(folder, name)
    const { code } = minifySync(readFileSync(path, 'utf8'), {
      module: true,
      compress: false,
      mangle: { keepClassNames: true, keepFnNames: true },
      format: { asciiOnly: true, comments: false },
    })
    writeFileSync(path, inParentheses(code))
  }
}

function inParentheses(chunk: string): string {
  const { body, span } = parseSync(chunk, { syntax: 'ecmascript', target: 'es2022' })
  const modules = body
    .flatMap((item) => (item.type === 'ExportDeclaration' ? [item.declaration] : []))
    .flatMap((it) => (it.type === 'VariableDeclaration' ? it.declarations : []))
    .flatMap(({ init }) => (init?.type === 'ObjectExpression' ? init.properties : []))
    .flatMap((it) => (it.type === 'KeyValueProperty' && 'span' in it.value ? [it.value.span] : []))
  if (modules.length === 0) throw new Error('a chunk is not made as webpack made it before')
  // From the last to the first, so that places before stay where they are.
  return modules.reduceRight((text, module) => {
    const [start, end] = [module.start - span.start, module.end - span.start]
    return `${text.slice(0, start)}(${text.slice(start, end)})${text.slice(end)}`
  }, chunk)
}

/**
 * A CycloneDX bill of materials of the production dependencies. Made from the lockfile, since what `npm sbom`
 * writes carries a time and a random number and differs from one npm to the next.
 */
function billOfMaterials(): object {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
  const { name, version } = read('package.json') as { name: string; version: string }
  const { packages } = read('package-lock.json') as { packages: Record<string, LockedPackage> }
  const components = Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
    .map(([path, { version, license, integrity }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
      const [algorithm, digest] = integrity?.split('-') ?? []
      return {
        type: 'library',
        'bom-ref': `${purl}#${path}`,
        name,
        version,
        purl,
        ...(license ? { licenses: [{ expression: license }] } : {}),
        ...(algorithm === 'sha512' && digest
          ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
          : {}),
      }
    })
  const purl = `pkg:npm/${name}@${version}`
  const metadata = { component: { type: 'application', 'bom-ref': purl, name, version, purl } }
  return { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata, components }
}

interface LockedPackage {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
}

const bytes = (name: string): number => readFileSync(join(root, 'dist', name)).length
for (const name of readdirSync(join(root, 'dist')).sort()) {
  console.log(`${String(bytes(name)).padStart(9)}  dist/${name}`)
}
