import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const setup = join(import.meta.dirname, '../ready-keys.mjs')

/** Runs what Jest runs before all tests. */
const prepare = (path: string | undefined) =>
  spawnSync(process.execPath, ['-e', `import('${setup}').then((it) => it.default())`], {
    encoding: 'utf8',
    env: { READY_KEYS: '[]', ...(path !== undefined && { PATH: path }) },
  })

test('a missing program is one line that names the Debian packages', () => {
  expect(prepare('/nowhere')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: 'The tests need openssl, ssh-keygen, git: apt-get install openssl openssh-client git\n',
  })
})

test('nothing is said when every program is there', () => {
  expect(prepare(process.env.PATH)).toMatchObject({ status: 0, stdout: '', stderr: '' })
})
