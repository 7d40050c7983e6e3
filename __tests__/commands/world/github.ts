import { Problem } from '../../../src/domain/problem.ts'
import type { Slot, Stored, StoredVariable } from '../../../src/domain/rotation/slots.ts'
import type { Approval, GitHub, OpenRun, SealedSecret, Target } from '../../../src/ports.ts'
import type { Line } from './runner.ts'
import type { Entry, StoredTarget } from './stored-target.ts'

/** GitHub's own answers, besides secrets and variables; a test sets them. */
export interface GitHubAnswers {
  approvals: Approval[]
  openRuns: (repository: string, before: Date) => Promise<OpenRun[]>
  /** Throws where a workflow cannot be started. */
  dispatchable: (repository: string, workflow: string) => void
  dispatch: (repository: string, workflow: string) => string
  remaining: GitHub['remaining']
  lacksActions: boolean
}

export function quietGitHub(): GitHubAnswers {
  return {
    approvals: [],
    openRuns: async () => [],
    dispatchable: () => {},
    dispatch: (repository, workflow) => `https://github.com/${repository}/actions/${workflow}`,
    remaining: null,
    lacksActions: false,
  }
}

/** One run's connection to GitHub: every call goes through its line, where it can fail. */
export class Connection implements GitHub {
  serverTime: Date | null = null
  writes = 0
  readonly #line: Line
  readonly #answers: GitHubAnswers
  readonly #several: boolean

  constructor(line: Line, answers: GitHubAnswers, several: boolean) {
    this.#line = line
    this.#answers = answers
    this.#several = several
  }

  get lacksActions(): boolean {
    return this.#answers.lacksActions
  }

  get remaining(): GitHub['remaining'] {
    return this.#answers.remaining
  }

  approvals(): Promise<readonly Approval[]> {
    return this.#read('approvals', () => this.#answers.approvals)
  }

  openRuns(repository: string, before: Date): Promise<readonly OpenRun[]> {
    return this.#read(`runs of ${repository}`, () => this.#answers.openRuns(repository, before))
  }

  assertDispatchable(repository: string, workflow: string): Promise<void> {
    return this.#read(`workflow ${workflow} of ${repository}`, () =>
      this.#answers.dispatchable(repository, workflow),
    )
  }

  dispatch(repository: string, workflow: string): Promise<string> {
    return this.#line.call(
      { text: `dispatch ${workflow} of ${repository}`, writes: true },
      () => this.#answers.dispatch(repository, workflow),
      'token-forbidden',
    )
  }

  #read<T>(what: string, effect: () => T | Promise<T>): Promise<T> {
    return this.#line.call(
      { text: `read ${what}`, writes: false },
      () => {
        this.serverTime = this.#line.clock.second
        return effect()
      },
      'github-unavailable',
    )
  }

  #write<T>(text: string, kind: 'secret' | 'variable', effect: () => T): Promise<T> {
    this.writes += 1
    const code = kind === 'secret' ? 'secret-write-failed' : 'variable-write-failed'
    return this.#line.call(
      { text, writes: true },
      () => {
        this.serverTime = this.#line.clock.second
        return effect()
      },
      code,
    )
  }

  target(stored: StoredTarget): Target {
    const where = this.#several ? ` in ${stored.name}` : ''
    const stamp = (entry: Entry | undefined): Stored | null =>
      entry ? { createdAt: entry.createdAt, updatedAt: entry.updatedAt } : null
    const secretOf = (name: string): Stored | null => stamp(stored.secrets.get(name))
    const variableOf = (name: string): StoredVariable | null => stored.variables.get(name) ?? null
    const write = <T>(
      verb: string,
      name: string,
      kind: 'secret' | 'variable',
      effect: () => T,
    ): Promise<T> => this.#write(`${verb} ${name}${where}`, kind, effect)
    return {
      name: stored.name,
      environment: stored.environment,
      label: stored.label,
      remarks: stored.remarks,
      readableBy: (repository) => (stored.readers ?? [stored.name]).includes(repository),
      inspect: (names) =>
        this.#read(`target${where}`, () => ({
          privateKey: bySlot((slot) => secretOf(names.privateKey[slot])),
          publicKeyId: secretOf(names.publicKeyId),
          records: bySlot((slot) => variableOf(names.record[slot])),
          lock: variableOf(names.lock),
          room: stored.room,
        })),
      seal: async (name, value) => sealed(name, value),
      putSecret: ({ name, value }) =>
        write('put', name, 'secret', () => stored.putSecret(name, value)),
      deleteSecret: (name) =>
        write('delete', name, 'secret', () => void stored.secrets.delete(name)),
      secret: (name) => this.#read(`${name}${where}`, () => secretOf(name)),
      variable: (name) => this.#read(`${name}${where}`, () => variableOf(name)),
      createVariable: (name, value) =>
        write('create', name, 'variable', () => {
          if (stored.variables.has(name)) return false
          stored.putVariable(name, value)
          return true
        }),
      saveVariable: (name, value) =>
        write('save', name, 'variable', () => stored.putVariable(name, value)),
      deleteVariable: (name) =>
        write('delete', name, 'variable', () => void stored.variables.delete(name)),
    }
  }
}

function bySlot<T>(of: (slot: Slot) => T): Record<Slot, T> {
  return { current: of('current'), next: of('next'), previous: of('previous') }
}

function sealed(name: string, value: string): SealedSecret {
  return { name, value, sealingKeyId: '1', reseal: async () => sealed(name, value) }
}

export function refusal(fact: string): Problem {
  return new Problem('token-forbidden', fact, 'give the token the permission')
}
