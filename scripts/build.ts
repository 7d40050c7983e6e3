/**
 * Builds dist/ from src/: compiled by TypeScript, bundled by ncc, with the licences and a bill of materials
 * of what is inside. The same sources give the same bytes, on any machine.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minifySync, parseSync } from '@swc/core'
import { billOfMaterials, bundledPackages, licenceTexts } from './notices.ts'
import { trimLibraries } from './trim.ts'

const root = join(import.meta.dirname, '..')
const run = (command: string, ...args: string[]): string =>
  execFileSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })

const write = (name: string, text: string): void =>
  writeFileSync(join(root, 'lib-dist', name), text)

const remove = (folder: string): void =>
  rmSync(join(root, folder), { recursive: true, force: true })

// Built beside dist and put in its place at the end, so that a failed build leaves the old one alone.
for (const folder of ['lib', 'lib-dist']) remove(folder)
run('tsc', '-p', 'tsconfig.build.json')
trimLibraries(join(root, 'lib'))
run('ncc', 'build', 'lib/index.js', '-o', 'lib-dist', '-m', '--stats-out', 'lib/stats.json')
const packages = bundledPackages(join(root, 'lib/stats.json'))
remove('lib')
minifyChunks(join(root, 'lib-dist'))
write('licenses.txt', licenceTexts(packages))
write('sbom.cdx.json', `${JSON.stringify(billOfMaterials(packages), null, 2)}\n`)

if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(root, 'lib'))
renameSync(join(root, 'lib-dist'), join(root, 'dist'))
remove('lib')

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
      compress: { defaults: false, unused: true, dead_code: true, toplevel: true },
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

const bytes = (name: string): number => readFileSync(join(root, 'dist', name)).length
for (const name of readdirSync(join(root, 'dist')).sort()) {
  console.log(`${String(bytes(name)).padStart(9)}  dist/${name}`)
}
