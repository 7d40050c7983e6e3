/**
 * The changes that are made to libraries before they are bundled: one file for each package, named after the package and
 * the version that it was made for, with the reason in its first lines.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

export interface Patch {
  readonly name: string
  readonly version: string
  readonly reason: string
  /** Path from the root. */
  readonly file: string
  readonly text: string
}

/** Fails when a package has changed since its patch was made, so that the patch is looked at again. */
export function patches(): Patch[] {
  return readdirSync(join(root, 'patches'))
    .sort()
    .map((file) => {
      const [, name = '', version = ''] = /^(.+)\+(.+)\.patch$/.exec(file) ?? []
      const patch = { name: name.replace('+', '/'), version, file: `patches/${file}` }
      const manifest = join(root, 'node_modules', patch.name, 'package.json')
      const installed = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
      if (installed !== version) {
        throw new Error(`${patch.file} was made for ${version}, but ${installed} is installed`)
      }
      const text = readFileSync(join(root, patch.file), 'utf8')
      return { ...patch, text, reason: (text.split('\n\n')[0] ?? '').replaceAll('\n', ' ') }
    })
}
