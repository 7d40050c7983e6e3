import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { rehearse, type Shop } from '../scenarios/support.ts'

// GitHub's own description of its REST API: every request of the action has to be described there, and every answer of
// the rehearsal has to be one that GitHub could give.

type Schema = object
type Content = Readonly<Record<string, { readonly schema?: Schema }>>

interface Operation {
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >
  /** What is otherwise in later versions of the API. */
  readonly 'x-github-breaking-changes'?: readonly { readonly version: string }[]
}

interface Exchange {
  readonly method: string
  readonly path: string
  /** Of the API, as the request names it. */
  readonly version: string | undefined
  readonly sent: string
  readonly status: number
  readonly received: string
}

interface Ajv {
  validate(schema: Schema, value: unknown): boolean
  errorsText(): string
}

const packages = process.env.OPENAPI ?? ''
const fromTools = createRequire(join(packages, 'package.json'))
const exchanges: Exchange[] = []
let operations: readonly {
  readonly path: RegExp
  readonly methods: Readonly<Record<string, Operation>>
}[]
let ajv: Ajv
let shop: Shop
let recorder: Server

beforeAll(async () => {
  const file = join(packages, '@octokit/openapi/generated/api.github.com.deref.json')
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, Operation>>
  }
  operations = Object.entries(paths)
    // Fixed parts first, so that `public-key` is not taken for the name of a secret.
    .sort(([one], [other]) => one.split('{').length - other.split('{').length)
    .map(([path, methods]) => ({
      path: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
      methods,
    }))
  const { default: AjvClass } = fromTools('ajv') as { default: new (options: object) => Ajv }
  ajv = new AjvClass({ strict: false, logger: false, formats: {} })
  const { default: addFormats } = fromTools('ajv-formats') as { default: (ajv: Ajv) => void }
  addFormats(ajv)
})

/** Between the action and the rehearsal: passes everything on, and records it. */
async function startRecorder(target: string): Promise<string> {
  recorder = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '' } = request
    const body = Buffer.concat(chunks)
    const headers = Object.entries(request.headers).filter(
      ([name]) => !/^(host|connection|content-length)$/.test(name),
    )
    const answer = await fetch(target + url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 ? { body } : {}),
    })
    const received = await answer.text()
    exchanges.push({
      method,
      path: url.replace(/\?.*/, ''),
      version: request.headers['x-github-api-version']?.toString(),
      sent: body.toString(),
      status: answer.status,
      received,
    })
    const kept = [...answer.headers].filter(
      ([name]) =>
        !/^(connection|transfer-encoding|content-length|content-encoding|keep-alive)$/.test(name),
    )
    response.writeHead(answer.status, Object.fromEntries(kept))
    response.end(received)
  })
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`
}

/** A key's whole life, with an App, in a repository, and once in an environment and an organization. */
async function rotate(): Promise<void> {
  const plain = { with: { artifact: 'false' } }
  const first = shop.exchange(await shop.run({ command: 'generate' }, plain))
  await shop.run({ command: 'activate', 'public-key-id': first })
  const second = shop.exchange(await shop.run({ command: 'generate' }, plain))
  const redeploy = { with: { redeploy: 'deploy.yml' } }
  await shop.run({ command: 'activate', 'public-key-id': second }, redeploy)
  await shop.run({ command: 'rollback' })
  await shop.run({ command: 'retire' })
  await shop.run({ command: 'status' })
  await shop.run(
    { command: 'generate' },
    { with: { artifact: 'false', environment: 'production' } },
  )
  const organization = {
    artifact: 'false',
    organization: 'acme',
    repository: 'acme/shop',
    visibility: 'selected',
  }
  await shop.run({ command: 'generate' }, { with: organization })
}

beforeAll(async () => {
  shop = await rehearse({ app: true, organization: 'acme' })
  shop.github.addEnvironment(shop.repository, 'production')
  Object.assign(shop.github, { apiUrl: await startRecorder(shop.github.url) })
  await rotate()
}, 600_000)

afterAll(async () => {
  recorder.closeAllConnections()
  recorder.close()
  await shop.close()
})

/** Of these the rehearsal answers with the members that somebody reads; GitHub has about a hundred. */
const shortened =
  /^\/repos\/[^/]+\/[^/]+(?:\/environments\/[^/]+|\/installation)?$|^\/orgs\/[^/]+\/installation$|\/access_tokens$/

/** As JSON Schema, which has no `nullable`. */
function jsonSchema(schema: unknown, isShortened: boolean): Schema {
  if (Array.isArray(schema)) return schema.map((one) => jsonSchema(one, isShortened))
  if (typeof schema !== 'object' || schema === null) return schema as never
  const { nullable, required, ...rest } = schema as { nullable?: unknown; required?: unknown }
  const inner: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest)
      .filter(([name]) => name !== 'example')
      .map(([name, value]) => [name, jsonSchema(value, isShortened)]),
  )
  if (Array.isArray(required)) {
    if (!isShortened) inner.required = required
  } else if (required !== undefined) inner.required = jsonSchema(required, isShortened) // a property of this name
  return nullable === true ? { anyOf: [inner, { type: 'null' }] } : inner
}

const converted = new Map<Schema, Schema>()

function isValid(schema: Schema, path: string, text: string): boolean {
  const known = converted.get(schema) ?? jsonSchema(schema, shortened.test(path))
  converted.set(schema, known)
  return ajv.validate(known, JSON.parse(text))
}

/** What does not fit GitHub's description, one line each. */
function misfits(): string[] {
  const secrets = new Set<string>()
  return exchanges.flatMap(({ method, path, sent, status, received }) => {
    const found = operations.find(
      ({ path: pattern, methods }) => pattern.test(path) && methods[method.toLowerCase()],
    )
    const operation = found?.methods[method.toLowerCase()]
    const name = `${method} ${path} ${status}`
    if (!operation) return [`${name}: no such operation`]
    const lines: string[] = []
    const check = (what: string, content: Content | undefined, text: string): void => {
      const schema = content?.['application/json']?.schema
      if (!schema || text === '') return
      if (!isValid(schema, path, text)) lines.push(`${name}: ${what}: ${ajv.errorsText()}`)
    }
    check('request', operation.requestBody?.content, sent)
    const answer = operation.responses[String(status)]
    // 404 and the other refusals are described in general, not for each operation.
    if (answer) check('answer', answer.content, received)
    else if (status < 400) lines.push(`${name}: no such answer`)
    if (/\/secrets\/[^/]+$/.test(path) && method !== 'GET') {
      // GitHub says “Response when creating a secret” and “Response when updating a secret”.
      const other = secrets.has(path) ? /creating/ : /updating/
      if (other.test(answer?.description ?? '')) lines.push(`${name}: ${answer?.description}`)
      if (method === 'PUT') secrets.add(path)
      else secrets.delete(path)
    }
    return lines
  })
}

test('every request and every answer is as GitHub describes them', () => {
  expect(exchanges.length).toBeGreaterThan(100)
  expect([...new Set(misfits())]).toEqual([])
})

test('the requests cover repositories, environments, organizations and the App', () => {
  const paths = exchanges.map(({ path }) => path).join('\n')
  for (const part of [
    '/repos/acme/shop/actions/secrets',
    '/environments/production/',
    '/orgs/acme/',
    '/app',
  ]) {
    expect(paths).toContain(part)
  }
})

test('the requests name the version of the API that is described', () => {
  const [version = '', ...others] = new Set(exchanges.map((exchange) => exchange.version))
  expect(others).toEqual([])
  const later = operations
    .flatMap(({ methods }) => Object.values(methods))
    .flatMap((operation) => operation['x-github-breaking-changes'] ?? [])
  expect(later.length).toBeGreaterThan(0)
  // The description is of the oldest version, and says beside it what later ones do otherwise.
  expect(later.filter((change) => change.version <= version)).toEqual([])
  expect(version).toMatch(/^\d{4}-\d\d-\d\d$/)
})

test('an answer that GitHub would not give is found', () => {
  const [one] = exchanges.filter(({ path }) => path.endsWith('/variables/AMAZON_PAY_KEY'))
  exchanges.push({
    ...one,
    method: 'GET',
    path: one?.path ?? '',
    version: one?.version,
    sent: '',
    status: 200,
    received: '{"name":1}',
  })
  expect(misfits().join()).toContain('answer: data')
  exchanges.pop()
})
