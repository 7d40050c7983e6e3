import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const temp = mkdtempSync(join(tmpdir(), 'dist-'))
const fresh = join(temp, 'dist')
const stats = join(temp, 'stats.json')

interface Module {
  readonly identifier: string
  readonly chunks: readonly unknown[]
  readonly modules?: readonly Module[]
}

interface Component {
  readonly name: string
  readonly version: string
  readonly hashes?: readonly unknown[]
  readonly pedigree?: {
    readonly ancestors: readonly { readonly hashes: readonly unknown[] }[]
    readonly patches: readonly { readonly diff: { readonly text: { readonly content: string } } }[]
  }
}

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.ts', '--out', fresh, '--stats', stats], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
})

afterAll(() => {
  for (const folder of [temp, join(root, 'lib')]) rmSync(folder, { recursive: true })
})

test('dist contains exactly what the source builds', () => {
  const [built, committed] = [fresh, join(root, 'dist')]
  // The CI workflow offers what was built as an artifact of a failed run.
  rmSync(join(root, 'reports/dist'), { recursive: true, force: true })
  cpSync(built, join(root, 'reports/dist'), { recursive: true })
  expect(readdirSync(committed).sort()).toEqual(readdirSync(built).sort())
  const differing = readdirSync(built).filter(
    (name) => !readFileSync(join(built, name)).equals(readFileSync(join(committed, name))),
  )
  expect(differing).toEqual([])
})

describe('the bill of materials', () => {
  const components = (): Component[] =>
    JSON.parse(readFileSync(join(fresh, 'sbom.cdx.json'), 'utf8')).components
  const nameOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`

  test('lists the package of every bundled module, and no other package', () => {
    const packages = new Set(bundledFiles().map(packageOf).filter(isForeign).map(nameOf))
    expect(components().map(nameOf).sort()).toEqual([...packages].sort())
  })

  test('shows the patch of every package that differs from its archive, and the archive’s digest', () => {
    const changed = bundledFiles().filter(isChanged)
    const names = new Set(changed.map(packageOf).map(nameOf))
    const patched = components().filter(({ pedigree }) => pedigree)
    expect(names.size).toBeGreaterThan(0)
    expect(patched.map(nameOf).sort()).toEqual([...names].sort())
    for (const { name, version, hashes, pedigree } of patched) {
      const file = `patches/${name.replace('/', '+')}+${version}.patch`
      const content = readFileSync(join(root, file), 'utf8')
      expect(pedigree?.patches.map(({ diff }) => diff.text.content)).toEqual([content])
      expect(pedigree?.ancestors[0]?.hashes).toHaveLength(1)
      expect(hashes).toBeUndefined()
    }
  })
})

/** Path of every file that the bundler put into a chunk. */
function bundledFiles(): string[] {
  const { modules } = JSON.parse(readFileSync(stats, 'utf8')) as { modules: Module[] }
  const inChunks = modules.filter(({ chunks }) => chunks.length > 0)
  const files = inChunks.flatMap(filesOf)
  expect(files.length).toBeGreaterThan(100)
  return files
}

function filesOf({ identifier, modules }: Module): string[] {
  if (modules) return modules.flatMap(filesOf)
  // Loaders stand before the last `!`, and a digest may follow after `|`. What Node.js brings has no path.
  const path = /^(?:.*!|[^!]*?\|)?([^!|]+)(?:\|[^!]*)?$/.exec(identifier)?.[1] ?? ''
  return isAbsolute(path) ? [path] : []
}

/** Whether a bundled file, or the manifest of its package, differs from what npm installed. */
function isChanged(file: string): boolean {
  return [file, manifestOf(file)].some(
    (one) => !readFileSync(one).equals(readFileSync(installed(one))),
  )
}

/** What the build copied to lib, as npm installed it. */
function installed(file: string): string {
  return file.replace(join(root, 'lib/node_modules'), join(root, 'node_modules'))
}

function packageOf(file: string): { name: string; version: string } {
  return JSON.parse(readFileSync(manifestOf(file), 'utf8'))
}

/** The nearest package.json with a name. */
function manifestOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (!existsSync(manifest)) continue
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'))
    if (name && version) return manifest
  }
}

function isForeign({ name }: { name: string }): boolean {
  return name !== 'amazon-pay-keys'
}
