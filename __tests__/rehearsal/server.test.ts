import { get } from 'node:http'
import { text } from 'node:stream/consumers'
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

test('who takes a server for a proxy is answered by it', async () => {
  const server = await startServer({ handler: ({ rawPath }) => ({ status: 200, body: rawPath }) })
  const path = 'http://github.localhost/repos/acme%2Fshop?page=2'
  const body = await new Promise((resolve, reject) => {
    get(server.url, { path }, (answer) => resolve(text(answer))).on('error', reject)
  })
  await server.close()
  expect(body).toBe('/repos/acme%2Fshop?page=2')
})
