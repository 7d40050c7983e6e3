import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Locked {
  version?: string
  resolved?: string
  integrity?: string
  license?: string
  link?: boolean
  dev?: boolean
  optional?: boolean
  hasInstallScript?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const manifest = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>
  allowScripts: Record<string, boolean>
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13)
const installed = Object.entries(packages).filter(([path]) => path !== '')
const shipped = new Set(Object.keys(manifest.dependencies).flatMap((name) => [...closure(name)]))

/** Where Node.js finds a package, seen from another: in the nearest folder upwards. */
function resolve(from: string, name: string): string | undefined {
  const parts = from.split('/node_modules/')
  return parts
    .map((_, index) => [...parts.slice(0, parts.length - index), name].join('/node_modules/'))
    .concat(`node_modules/${name}`)
    .find((path) => packages[path] !== undefined)
}

/** A package with all that it depends on, as paths in the lock file. */
function closure(name: string, from = '', into = new Set<string>()): Set<string> {
  const path = resolve(from, name)
  if (path === undefined || into.has(path)) return into
  into.add(path)
  const { dependencies, optionalDependencies } = packages[path] ?? {}
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies }))
    closure(next, path, into)
  return into
}

/** The table of docs/security.md. */
const rows = read('docs/security.md')
  .split('\n')
  .map((line) => /^\| `([^`]+)` (\d[\d.]*) \| (\d+) \| ([\d.]+) MB \| (.+) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name = '', version = '', count, , why = '']) => ({
    name,
    version,
    count: Number(count),
    why,
  }))

test('the table names every dependency that is shipped, its version, what it brings, and why', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(manifest.dependencies).sort())
  for (const { name, version, count, why } of rows) {
    const locked = packages[`node_modules/${name}`]?.version ?? ''
    expect(`${name} ${locked}`.startsWith(`${name} ${version}.`)).toBe(true)
    expect([name, closure(name).size]).toEqual([name, count])
    expect(why.length).toBeGreaterThan(20)
  }
})

test('docs/security.md says how many packages are shipped, and how many of them for the artifact client', () => {
  const rest = new Set(
    Object.keys(manifest.dependencies)
      .filter((name) => name !== '@actions/artifact')
      .flatMap((name) => [...closure(name)]),
  )
  const [, all, artifact] =
    /^(\d+) packages in all, (\d+) of them only for the artifact client/m.exec(
      read('docs/security.md'),
    ) ?? []
  expect([Number(all), Number(artifact)]).toEqual([shipped.size, shipped.size - rest.size])
})

describe('what is bundled', () => {
  const { components } = JSON.parse(read('dist/sbom.cdx.json')) as {
    components: { name: string; version: string; 'bom-ref': string; pedigree?: object }[]
  }
  const paths = components.map(({ 'bom-ref': ref }) => ref.slice(ref.indexOf('#') + 1))

  test('is in the bill of materials with the version of the lock file', () => {
    expect(paths).toEqual(
      expect.arrayContaining(
        Object.keys(manifest.dependencies).map((name) => `node_modules/${name}`),
      ),
    )
    for (const [index, { name, version }] of components.entries()) {
      const path = paths[index] ?? ''
      expect([nameOf(path), packages[path]?.version]).toEqual([name, version])
    }
  })

  test('has a licence that allows it, and dist/licenses.txt names it', () => {
    const texts = read('dist/licenses.txt')
    for (const [index, { name, version }] of components.entries()) {
      expect(texts).toContain(`${name} ${version}: ${packages[paths[index] ?? '']?.license}\n`)
    }
    expect(paths.filter((path) => !isFree(path))).toEqual([])
  })

  test('is patched only where patches/ says so, for the installed version', () => {
    const patched = components.filter(({ pedigree }) => pedigree)
    const files = patched.map(({ name, version }) => `${name.replace('/', '+')}+${version}.patch`)
    expect(files.sort()).toEqual(readdirSync(join(root, 'patches')).sort())
  })

  test('has no part of the artifact client that unpacks, packs or lists', () => {
    expect(components.map(({ name }) => name)).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(?:archiver|unzip-stream|buffers|bottleneck)$/),
      ]),
    )
  })
})

describe('install scripts', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript)

  test('belong to no package that is shipped', () => {
    expect(scripted.filter(([path]) => shipped.has(path))).toEqual([])
  })

  test('are decided upon one by one', () => {
    const optional = scripted.filter(
      ([path, { optional }]) => !(optional && !existsSync(join(root, path))),
    )
    expect(
      optional.map(([path]) => nameOf(path)).filter((name) => !(name in manifest.allowScripts)),
    ).toEqual([])
  })

  test('and no decision is left of a package that is gone', () => {
    const names = new Set(installed.map(([path]) => nameOf(path)))
    expect(Object.keys(manifest.allowScripts).filter((name) => !names.has(name))).toEqual([])
  })
})

test('every package comes from the registry, with its digest', () => {
  const odd = installed
    .filter(([, { link }]) => !link)
    .filter(
      ([, { resolved = '', integrity = '' }]) =>
        !/^(?:https:\/\/registry\.npmjs\.org\/.*)?$/.test(resolved) || !/^sha512-/.test(integrity),
    )
  expect(odd.map(([path]) => path)).toEqual([])
})

function isFree(path: string): boolean {
  const free =
    /^(?:0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|ISC|MIT(?:\/X11)?|Python-2\.0|Unlicense|CC0-1\.0)$/
  return (packages[path]?.license ?? '')
    .replaceAll(/[()]/g, '')
    .split(/ (?:OR|AND) /)
    .some((one) => free.test(one))
}
