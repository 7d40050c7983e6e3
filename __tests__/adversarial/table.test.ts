import { posix } from 'node:path'
import { exists, read } from '../documents.ts'

// The table of attacks names the tests of each attack by their titles: a test that is renamed or deleted is missed here.

const page = 'docs/security.md'
const [, section = ''] = /\n## Attacks\n(.*?)\n## /s.exec(read(page)) ?? []
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line): [string, string] => [line.split(' | ')[0]?.slice(2) ?? '', line])

test.each(rows)('%s: its tests exist', (_, row) => {
  const links = [...row.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
  expect(links.length > 0 || row.includes('Not detected')).toBe(true)
  for (const [, title = '', path = ''] of links) {
    const file = posix.join(posix.dirname(page), path)
    expect({ file, exists: exists(file) }).toEqual({ file, exists: true })
    expect(read(file)).toContain(`'${title}'`)
  }
})

test('every file of attacks over HTTP is named', () => {
  for (const name of ['environment', 'forged', 'hostile-inputs', 'leaks', 'mask-damage', 'servers'])
    expect(section).toContain(`adversarial/${name}.test.ts`)
})
