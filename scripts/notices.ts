/**
 * The licences and the bill of materials of what is bundled, and of nothing else. Made from the bundler's own list of
 * modules: ncc's `--license` leaves out every package whose modules were joined into one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Patch, patches } from './patches.ts'

const root = join(import.meta.dirname, '..')

/** What webpack's stats say, as far as it is used here. */
export interface Stats {
  readonly errors?: readonly { readonly message: string }[]
  readonly warnings?: readonly { readonly message: string }[]
  readonly modules: readonly Module[]
}

interface Module {
  readonly name?: string
  readonly chunks?: readonly unknown[]
  /** The modules that were joined into this one. */
  readonly modules?: readonly Module[]
}

/** A package of which at least one module is in the bundle. */
interface Package {
  /** Its folder, as the lockfile names it: `node_modules/@actions/core`. */
  readonly path: string
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly patch?: Patch
}

export function bundledPackages({ modules }: Stats): Package[] {
  const inside = modules.filter(({ chunks }) => chunks && chunks.length > 0)
  const paths = new Set(inside.flatMap(pathsOf))
  const { packages } = read('package-lock.json') as { packages: Record<string, Package> }
  const patched = new Map(patches().map((patch) => [`node_modules/${patch.name}`, patch]))
  return [...paths].sort().map((path) => {
    const locked = packages[path]
    if (!locked) throw new Error(`${path} is bundled, but is not in package-lock.json`)
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const patch = patched.get(path)
    return { ...locked, path, name, ...(patch ? { patch } : {}) }
  })
}

function pathsOf({ name = '', modules = [] }: Module): string[] {
  const own = /node_modules\/.*(?<=node_modules\/)(?:@[^/]+\/)?[^/]+(?=\/)/.exec(name)?.[0]
  return [...(own ? [own] : []), ...modules.flatMap(pathsOf)]
}

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

/** CycloneDX. `npm sbom` would add a time and a random number, so that no two builds were the same. */
export function billOfMaterials(packages: readonly Package[]): object {
  const { name, version } = read('package.json') as { name: string; version: string }
  const application = { type: 'application', ...identity(name, version) }
  const tools = ['typescript', '@vercel/ncc'].map((tool) => ({
    type: 'application',
    ...identity(tool, (read(`node_modules/${tool}/package.json`) as { version: string }).version),
  }))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { tools: { components: tools }, component: application },
    components: packages.map(componentOf),
  }
}

/** A package as its archive, or, where it was patched, as what was made from that archive and how. */
function componentOf({ path, name, version, license, integrity = '', patch }: Package): object {
  const archive = { type: 'library', ...identity(name, version), ...hashOf(integrity) }
  const pedigree = patch && {
    ancestors: [{ ...archive, 'bom-ref': `${archive.purl}#archive` }],
    patches: [
      {
        type: 'unofficial',
        diff: { text: { contentType: 'text/x-diff', content: patch.text }, url: patch.file },
      },
    ],
    notes: patch.reason,
  }
  return {
    ...(patch ? { type: 'library', ...identity(name, version) } : archive),
    'bom-ref': `${archive.purl}#${path}`,
    ...(license ? { licenses: [{ expression: license }] } : {}),
    ...(pedigree ? { pedigree } : {}),
  }
}

function identity(name: string, version: string) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return { 'bom-ref': purl, name, version, purl }
}

/** The digest of the archive in the registry, which npm compares when it installs it. */
function hashOf(integrity: string) {
  const [algorithm, digest = ''] = integrity.split('-')
  if (algorithm !== 'sha512') return {}
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}
