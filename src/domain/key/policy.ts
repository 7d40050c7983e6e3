/**
 * What Amazon Pay accepts, as far as anything published says: RSA, 2048 bits, e = 65537. Nobody documents
 * other sizes as accepted, so nothing else is let through.
 */
export const keyPolicy = {
  modulusLength: 2048,
  publicExponent: 65537,
  /** Salt lengths in bytes of AMZN-PAY-RSASSA-PSS-V2 and AMZN-PAY-RSASSA-PSS. */
  saltLengths: [32, 20],
} as const
