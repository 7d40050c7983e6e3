/** Next steps that several messages share. */

export const copyAgain =
  'copy the whole file again: on Linux and macOS `cat FILE`, on Windows `type FILE`, or without a clipboard `gh secret set NAME < FILE`'

export const storeFile = 'store the original file: `gh secret set NAME < privateKey.pem`'

export const fromOrigin = 'copy it again from the system where it was generated'

export const writePlus = `${copyAgain}; in a URL or a form, + must be written as %2B`

export const writeNewline = `an escape for a line break is written \\n, with a backslash; better, ${storeFile}`

/** Converts an OpenSSH key to PKCS#8, in place (OpenSSH 8.1 and later). */
export const sshToPkcs8 = "ssh-keygen -p -m PKCS8 -N '' -f privateKey.pem"
