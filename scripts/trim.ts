import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/**
 * Copies the libraries that are mostly not called here into `<folder>/node_modules`, where the bundler finds
 * them first, and takes out what is not: of 5.9 MB that would be bundled, 2.4 (docs/performance.md). All of @actions is
 * copied, so that each of its modules is in the bundle once.
 */
export function trimLibraries(folder: string): void {
  const copies = join(folder, 'node_modules')
  const actions = ['artifact', 'core', 'exec', 'github', 'http-client', 'io']
  for (const name of [...actions.map((name) => `@actions/${name}`), 'undici']) {
    cpSync(join(root, 'node_modules', name), join(copies, name), { recursive: true })
  }

  // @actions/core asks for OIDC tokens with an HTTP client, which a step that stays offline never needs. Its modules
  // do nothing when they are loaded; the package does not say so, and without that nothing is left out.
  const manifest = join(copies, '@actions/core/package.json')
  writeFileSync(manifest, JSON.stringify({ ...read(manifest), sideEffects: false }))

  // The artifact client would download, list, delete and zip as well, with another 150 packages.
  for (const unused of [
    'download/download-artifact',
    'delete/delete-artifact',
    'find/get-artifact',
    'find/list-artifacts',
    'upload/zip',
  ]) {
    const path = join(copies, '@actions/artifact/lib/internal', `${unused}.js`)
    const names = [...readFileSync(path, 'utf8').matchAll(/^export function (\w+)/gm)]
    if (names.length === 0) throw new Error(`${path} exports nothing that could be left out`)
    const refusal = `throw new Error('left out of this bundle')`
    writeFileSync(
      path,
      names.map(([, name]) => `export function ${name}() { ${refusal} }\n`).join(''),
    )
  }

  // @actions/github and @actions/http-client use these two. An agent for a proxy calls what `lib/api` adds.
  writeFileSync(
    join(copies, 'undici/index.js'),
    `Object.assign(require('./lib/dispatcher/dispatcher.js').prototype, require('./lib/api/index.js'))
exports.fetch = require('./lib/web/fetch/index.js').fetch
exports.ProxyAgent = require('./lib/dispatcher/proxy-agent.js')
`,
  )
}

function read(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object
}
