/** Every value of output `error-code`. The codes are stable, because workflows compare against them. */
export const problemCodes = [
  'input-invalid',
  'input-missing',
  'key-empty',
  'key-unreadable',
  'key-truncated',
  'key-wrong-kind',
  'key-wrong-half',
  'key-ambiguous',
  'key-policy',
  'key-inconsistent',
  'key-exposed',
  'passphrase-missing',
  'passphrase-wrong',
  'pair-mismatch',
  'public-key-id-invalid',
  'public-key-id-elsewhere',
  'pay-environment-mismatch',
  'region-mismatch',
  'token-missing',
  'app-not-installed',
  'token-rejected',
  'token-forbidden',
  'target-not-found',
  'environment-not-found',
  'record-unreadable',
  'record-forged',
  'staged-key-exists',
  'staged-key-partial',
  'staged-key-missing',
  'current-key-missing',
  'previous-key-missing',
  'change-unfinished',
  'pair-unmanaged',
  'nothing-to-roll-back',
  'previous-key-unretired',
  'locked',
  'pair-changed',
  'pair-torn',
  'secret-write-failed',
  'variable-write-failed',
  'github-unavailable',
  'amazon-pay-rejected',
  'amazon-pay-undecided',
  'clock-skew',
  'still-accepted',
  'artifact-failed',
  'internal',
] as const

export type ProblemCode = (typeof problemCodes)[number]

/** A fact that stops nothing, and what to do about it. */
export interface Warning {
  readonly code?: ProblemCode
  readonly fact: string
  readonly hint: string
}

interface Details {
  readonly cause?: unknown
  /** Whether the answer to a write was lost, so that the write may have happened. */
  readonly uncertain?: boolean
}

/**
 * A mistake as data: what was found (fact), and what to do next (hint). It is created where it is found and printed in one
 * place. Both texts end up in logs, so neither may quote key material. Inputs are spelled as in action.yml. Both texts start in
 * lower case and end without a full stop.
 */
export class Problem extends Error implements Warning {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly fact: string
  readonly hint: string
  readonly uncertain: boolean

  constructor(code: ProblemCode, fact: string, hint: string, details: Details = {}) {
    super(`${fact}\n${hint}`, 'cause' in details ? { cause: details.cause } : {})
    this.code = code
    this.fact = fact
    this.hint = hint
    this.uncertain = details.uncertain ?? false
  }

  /** The same problem with text before or after its fact, or with another hint or code. */
  extend(more: {
    before?: string
    after?: string
    hint?: string
    code?: ProblemCode
    uncertain?: true
  }): Problem {
    const fact = `${more.before ?? ''}${this.fact}${more.after ?? ''}`
    const { code, hint, uncertain } = { ...this, ...more }
    return new Problem(code, fact, hint, { uncertain })
  }
}

/** All problems of a step, for example one for each of several targets. */
export class Problems extends Error {
  override readonly name = 'Problems'
  readonly all: readonly [Problem, ...Problem[]]

  constructor(all: readonly [Problem, ...Problem[]]) {
    super(all.map((problem) => problem.message).join('\n'))
    this.all = all
  }
}

/** The problems that were thrown. Any other error is a defect of the action and is thrown again. */
export function problemsIn(error: unknown): readonly [Problem, ...Problem[]] {
  if (error instanceof Problems) return error.all
  return [problemIn(error)]
}

/** The problem that was thrown. Any other error is a defect of the action and is thrown again. */
export function problemIn(error: unknown): Problem {
  if (error instanceof Problem) return error
  throw error
}

/** Throws several problems together, without repeating one. Does nothing if there are none. */
export function throwAll(problems: readonly Problem[]): void {
  const [first, ...rest] = problems.filter(
    ({ message }, index) => problems.findIndex((other) => other.message === message) === index,
  )
  if (first) throw new Problems([first, ...rest])
}

/**
 * Puts the subject in front of a problem: an input, a secret, a variable or a target. Code that reads a text only says
 * “is truncated: …”, because it does not know where the text came from.
 */
export async function naming<T>(subject: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemIn(error).extend({ before: `${subject} ` })
  }
}
