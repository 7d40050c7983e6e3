import { parseArgs } from 'node:util'

const usage = `npm start                        plays a key's whole life, and writes rehearsal-report.html
npm start -- --verbose           … with every log and every summary
npm start -- --serve             a local page on which you press the buttons yourself
npm start -- --serve --port N    … on a port of your choice`

// Ends at once: what the rehearsal started is ended with it.
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
  process.exitCode = (await play(options)) ? 0 : 1
}

function read() {
  try {
    const { values } = parseArgs({
      options: {
        serve: { type: 'boolean', default: false },
        port: { type: 'string', default: '4711' },
        verbose: { type: 'boolean', default: false },
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
