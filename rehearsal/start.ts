import { parseArgs } from 'node:util'

const usage = `npm start                        plays whole rotations in the terminal; logs and summaries in rehearsal-report.html
npm start -- --serve             prints the address of a local page on which you run the commands yourself
npm start -- --serve --port N    … on a port of your choice`

// What the rehearsal has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const options = read()
if (options === undefined || options.help) {
  console.log(usage)
  process.exitCode = options === undefined ? 2 : 0
} else if (options.serve) {
  const { serve } = await import('./page/server.ts')
  const page = await serve(options)
  console.log(`The rehearsal is at ${page.address}
Only this machine can open it, and only with this address. Ctrl+C ends it.`)
} else {
  const { play } = await import('./play.ts')
  process.exitCode = (await play()) ? 0 : 1
}

function read() {
  try {
    const { values } = parseArgs({
      options: {
        serve: { type: 'boolean', default: false },
        port: { type: 'string', default: '4711' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`--port takes a number from 0 to 65535, not ${values.port}`)
    }
    return { ...values, port }
  } catch (error) {
    console.error((error as Error).message)
    return undefined
  }
}
