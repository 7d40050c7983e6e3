import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../rehearsal/server.ts'

test('requests that arrive at once are counted one by one', async () => {
  const server = await startServer({ handler: ({ number }) => ({ status: 200, body: { number } }) })
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () =>
      (await fetch(server.url, { method: 'POST', body: 'x' })).json(),
    ),
  )
  await server.close()
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
  expect(server.requests.map(({ number }) => number)).toEqual(numbers)
  expect(new Set(answers.map((answer) => (answer as { number: number }).number)).size).toBe(20)
})

test('a defect of the rehearsal is an answer that says so', async () => {
  const server = await startServer({
    handler: () => {
      throw new Error('of ours')
    },
  })
  const response = await fetch(server.url)
  await server.close()
  expect([response.status, await response.json()]).toEqual([
    500,
    { message: 'The rehearsal broke: Error: of ours' },
  ])
})

test('a server can have a certificate, for clients that insist on TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...options, ...subject], { stdio: 'ignore' })
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  const server = await startServer({ tls, handler: () => ({ status: 204 }) })
  const status = await new Promise((resolve, reject) => {
    get(server.url, { ca: tls.cert }, (answer) => {
      resolve(answer.statusCode)
      answer.resume()
    }).on('error', reject)
  })
  await server.close()
  expect([server.url.startsWith('https://127.0.0.1:'), status]).toEqual([true, 204])
})
