/**
 * For `node --import`: at its end, the process writes as JSON to the file OBSERVED which files of dist it `loaded`, and its
 * `peak` memory in KiB. The kernel's VmHWM, since `maxRSS` also counts what the parent had before the child became Node.js.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded = []
registerHooks({
  load(url, context, next) {
    const [, name] = /\/dist\/([^/]+)$/.exec(url) ?? []
    if (name) loaded.push(name)
    return next(url, context)
  },
})
process.on('exit', () => {
  const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  writeFileSync(process.env.OBSERVED ?? '', JSON.stringify({ loaded, peak: Number(peak) }))
})
