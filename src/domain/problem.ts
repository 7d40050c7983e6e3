/** Every code that the action may set as `error-code`. Stable: workflows compare against them. */
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
  'token-rejected',
  'token-forbidden',
  'target-not-found',
  'environment-not-found',
  'record-unreadable',
  'staged-key-exists',
  'staged-key-partial',
  'previous-key-missing',
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

/** Something that a person should know and that stops nothing: a fact and what to do about it. */
export interface Warning {
  readonly code?: ProblemCode
  readonly fact: string
  readonly hint: string
}

/**
 * A mistake as data: what was found, and what to do next. Made where it is found, printed in one place.
 * Fact and hint are shown to people and kept in logs, so neither may quote key material; inputs are
 * named as action.yml spells them. Both start in lower case and end without a full stop.
 */
export class Problem extends Error implements Warning {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly fact: string
  readonly hint: string
  /** A write whose answer was lost: it may have happened all the same. */
  readonly uncertain: boolean

  constructor(
    code: ProblemCode,
    fact: string,
    hint: string,
    options?: { cause?: unknown; uncertain?: boolean },
  ) {
    super(`${fact}\n${hint}`, options)
    this.code = code
    this.fact = fact
    this.hint = hint
    this.uncertain = options?.uncertain ?? false
  }
}

/** What is wrong with a step, all of it: one problem, or one for each of several targets. */
export class Problems extends Error {
  override readonly name = 'Problems'
  readonly all: readonly [Problem, ...Problem[]]

  constructor(all: readonly [Problem, ...Problem[]]) {
    super(all.map((problem) => problem.message).join('\n'))
    this.all = all
  }
}
