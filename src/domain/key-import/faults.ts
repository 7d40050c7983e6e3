import { Problem } from '../problem.ts'
import { DerError } from './der.ts'
import { copyAgain } from './hints.ts'

export function unreadable(fact: string, hint = copyAgain): Problem {
  return new Problem('key-unreadable', fact, hint)
}

export function truncated(fact: string, hint = copyAgain): Problem {
  return new Problem('key-truncated', fact, hint)
}

/** What a reader of bytes found wrong, and where; any other error is returned unchanged. */
export function explained(error: unknown, where: string): unknown {
  if (!(error instanceof DerError)) return error
  const { fault, bytes } = error
  if (fault === 'truncated') {
    return truncated(`is truncated: ${where} declares ${bytes} more bytes than are present`)
  }
  if (fault === 'trailing') {
    return unreadable(
      `has ${bytes} bytes after the end of the key in ${where}`,
      `two keys were joined, or something was appended; ${copyAgain}`,
    )
  }
  return unreadable(`is damaged: ${where} is not strict DER`)
}

/** What a reader makes of a text; something else where it refuses the text. */
export function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
