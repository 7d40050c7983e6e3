import type { Command, Inputs } from '../ports.ts'

/** What a command is sure to need and what takes long, so that it is begun before the command itself. */
export interface Needs {
  readonly keyPair: boolean
  readonly artifacts: boolean
}

const never = (): boolean => false
/** The control request of a verification is signed with a throwaway key. */
const verifies = ({ amazonPayCheck }: Inputs): boolean => amazonPayCheck !== 'off'

const needsKeyPair: Readonly<Record<Command, (inputs: Inputs) => boolean>> = {
  generate: ({ privateKey }) => privateKey === null,
  activate: verifies,
  rollback: verifies,
  adopt: verifies,
  // These rarely need one.
  validate: never,
  retire: never,
  status: never,
}

export function needsOf(inputs: Inputs): Needs {
  const { command, artifact, dryRun } = inputs
  return {
    keyPair: needsKeyPair[command](inputs),
    artifacts: command === 'generate' && artifact && !dryRun,
  }
}
