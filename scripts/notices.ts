/**
 * The licences and the bill of materials of what is in the bundle, and of nothing else. From webpack's own list of
 * modules: ncc's `--license` leaves out what webpack joined into one module.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** A package of the bundle: its folder as the lockfile names it, `node_modules/@actions/core`. */
interface Package {
  readonly path: string
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly integrity?: string
}

interface Module {
  readonly name?: string
  readonly chunks?: readonly unknown[]
  readonly modules?: readonly Module[]
}

/** Reads webpack's stats: every package of which at least one module is in a chunk. */
export function bundledPackages(statsFile: string): Package[] {
  const { modules } = JSON.parse(readFileSync(statsFile, 'utf8')) as { modules: Module[] }
  const inside = modules.filter(({ chunks }) => chunks && chunks.length > 0)
  const paths = inside.flatMap(pathsOf)
  const { packages } = read('package-lock.json') as { packages: Record<string, Package> }
  return [...new Set(paths)].sort().map((path) => {
    const locked = packages[path]
    if (!locked) throw new Error(`${path} is bundled, but not in package-lock.json`)
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return { ...locked, path, name }
  })
}

/** A module that others were joined into, and those. */
function pathsOf({ name = '', modules = [] }: Module): string[] {
  // A trimmed copy stands for the package that it was copied from.
  const own = /node_modules\/.*(?<=node_modules\/)(?:@[^/]+\/)?[^/]+(?=\/)/.exec(name)?.[0]
  return [...(own ? [own] : []), ...modules.flatMap(pathsOf)]
}

/** All licence texts, one after the other. */
export function licenceTexts(packages: readonly Package[]): string {
  return packages
    .map(({ path, name, version, license = 'no licence named' }) => {
      const file = readdirSync(join(root, path)).find((file) => /^licen[cs]e/i.test(file))
      const text = file ? `\n${readFileSync(join(root, path, file), 'utf8').trim()}\n` : ''
      return `${name} ${version}: ${license}\n${text}`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
    .replaceAll('\r\n', '\n')
}

/**
 * CycloneDX. Made from the lockfile, since what `npm sbom` writes carries a time and a random number and differs
 * from one npm to the next.
 */
export function billOfMaterials(packages: readonly Package[]): object {
  const { name, version } = read('package.json') as { name: string; version: string }
  const components = packages.map(({ path, name, version, license, integrity }) => {
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

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}
