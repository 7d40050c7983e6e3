import { createPublicKey } from 'node:crypto'
import { readOpenSsh } from '../../../src/adapters/sshpk.ts'
import { assertConsistent } from '../../../src/domain/key/policy.ts'
import { compatibilityWarnings, sdks } from '../../../src/domain/key-import/compatibility.ts'
import { importPrivateKey } from '../../../src/domain/key-import/import.ts'
import { Problem } from '../../../src/domain/problem.ts'
import { type ChangedKey, randomlyChanged, systematicChanges } from './changed-keys.ts'
import { nodeSdk, sdksHere } from './sdks/sdks.ts'
import { storedForms } from './stored-forms.ts'
import { KeyWorkshop } from './workshop.ts'

const workshop = new KeyWorkshop()
afterAll(() => workshop.close())

const publicKey = () => createPublicKey(workshop.spki())
/** FULL=1 asks every SDK that the machine has, about more keys. */
const witnesses = process.env.FULL ? sdksHere() : { 'Node.js': nodeSdk }

describe('a warning names exactly the SDKs that cannot read a stored key', () => {
  test.each(storedForms.map((each) => [each.name, each] as const))(
    '%s',
    (_, { make, refusedBy }) => {
      const facts = compatibilityWarnings(make(workshop)).map(({ fact }) => fact)
      const named = sdks.filter((sdk) => facts.some((fact) => fact.includes(sdk)))
      expect(named).toEqual(refusedBy)
      expect(facts.join()).not.toContain('may not')
    },
  )

  test.each(Object.entries(witnesses))(
    'the SDK for %s answers as the table says',
    (sdk, witness) => {
      const rows = storedForms.filter(({ dependsOnOpenSsl }) => !dependsOnOpenSsl)
      const answers = witness(
        rows.map(({ make }) => make(workshop)),
        publicKey(),
      )
      const seen = rows.map(({ name }, index) => `${name}: ${answers[index] ? 'read' : 'refused'}`)
      const expected = rows.map(
        ({ name, refusedBy }) =>
          `${name}: ${refusedBy.some((each) => each === sdk) ? 'refused' : 'read'}`,
      )
      expect(seen).toEqual(expected)
    },
  )

  test('importing a key gives the warnings of its stored form', async () => {
    const rows = storedForms.filter(({ name }) =>
      /^(?:no line breaks|a byte order mark)$/.test(name),
    )
    expect(rows).toHaveLength(2)
    for (const { make } of rows) {
      const { warnings } = await importPrivateKey(make(workshop), { passphrase: null, readOpenSsh })
      expect(warnings).toEqual(expect.arrayContaining(compatibilityWarnings(make(workshop))))
    }
  })
})

describe('a key that was changed on its way is refused, or read with a warning, or taken by the SDKs', () => {
  const pem = () => workshop.pkcs8()
  const others = () => [
    ...[pem(), workshop.pkcs1(), workshop.spki(), workshop.pkcs1Public()],
    ...['note\n', 'a: b\nc\n', '"\n'],
  ]

  test('systematic changes', async () => {
    expect(await silentlyWrong(systematicChanges(pem(), others()))).toEqual([])
  })

  test('random changes', async () => {
    const count = process.env.FULL ? 4000 : 400
    expect(await silentlyWrong(randomlyChanged(pem(), count, 20261126))).toEqual([])
  })

  /** The changed keys that are called valid without a word, and that an SDK refuses. */
  async function silentlyWrong(keys: readonly ChangedKey[]): Promise<string[]> {
    const silent: ChangedKey[] = []
    for (const key of keys) if (await isSilentlyValid(key.text)) silent.push(key)
    expect(silent.length).toBeGreaterThan(0)
    const texts = silent.map(({ text }) => text)
    return Object.entries(witnesses).flatMap(([sdk, witness]) => {
      const answers = witness(texts, publicKey())
      return silent.filter((_, index) => !answers[index]).map(({ name }) => `${name}: ${sdk}`)
    })
  }

  async function isSilentlyValid(text: string): Promise<boolean> {
    const options = { passphrase: null, readOpenSsh, assertPolicy: assertConsistent }
    try {
      const { warnings } = await importPrivateKey(text, options)
      return warnings.length === 0 && compatibilityWarnings(text).length === 0
    } catch (error) {
      if (error instanceof Problem) return false
      throw error
    }
  }
})
