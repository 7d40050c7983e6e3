import { createPublicKey } from 'node:crypto'
import { readOpenSsh } from '../../src/adapters/sshpk.ts'
import { sameKey } from '../../src/domain/key/pair.ts'
import { KeyWorkshop, passphrase } from '../domain/key-import/workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

test.each([
  ['without a passphrase', () => workshop.openSsh(), null],
  ['with a passphrase', () => workshop.encryptedOpenSsh(), passphrase],
])('an OpenSSH private key %s is read', async (_, make, phrase) => {
  const key = await readOpenSsh(make(), phrase)
  expect(sameKey(createPublicKey(key), createPublicKey(workshop.spki()))).toBe(true)
})

test.each([
  ['a wrong passphrase', () => workshop.encryptedOpenSsh(), 'wrong', 'passphrase-wrong'],
  ['damage', () => workshop.openSsh().replace(/\n.{70}\n/, '\n'), null, 'key-unreadable'],
  [
    'a key of another type',
    () => workshop.sshKeygen('id_ed25519', '-t ed25519'),
    null,
    'key-inconsistent',
  ],
])('%s ends as a Problem without a cause', async (_, make, phrase, code) => {
  const problem = await readOpenSsh(make(), phrase).catch((error: unknown) => error)
  expect(problem).toMatchObject({ code })
  expect(problem).not.toHaveProperty('cause')
})
