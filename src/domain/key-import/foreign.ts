import { publicKeyIdFormat } from '../text.ts'
import { copyAgain, storeFile } from './hints.ts'

/** Something that is not a key. */
export interface Foreign {
  /** Completes “contains …”. */
  readonly what: string
  readonly hint: string
}

/**
 * What a text is, how it is recognised, and what to do. Each expression reads a text once, without backtracking: a
 * megabyte of anything is answered at once.
 */
export type ForeignTexts = Readonly<Record<string, readonly [sign: RegExp, hint: string]>>

/** The first that one of the texts is. */
export function foreignAmong(kinds: ForeignTexts, texts: readonly string[]): Foreign | null {
  const found = Object.entries(kinds).find(([, [sign]]) => texts.some((text) => sign.test(text)))
  return found ? { what: found[0], hint: found[1][1] } : null
}

/** Documents that may have a PEM key somewhere inside, and are refused all the same. */
export const foreignDocuments: ForeignTexts = {
  'a PuTTY key file (.ppk)': [
    /^PuTTY-User-Key-File/,
    'convert it: `puttygen key.ppk -O private-openssh -o privateKey.pem`, or in PuTTYgen: Conversions → Export OpenSSH key',
  ],
  'an RSA key as XML (.NET)': [
    /^(?=<)[\s\S]*?<(?:\w+:)?Modulus>/,
    'write it as PEM: `rsa.ExportPkcs8PrivateKeyPem()` for the private key, `rsa.ExportSubjectPublicKeyInfoPem()` for the public key',
  ],
  'an HTML page': [
    /^<(?:!doctype html|html)\b/i,
    `a download or an upload failed and left its error or login page; ${storeFile}`,
  ],
}

const secretExpression = `\`\${{ secrets.NAME }}\``
const inAStep = 'fetch the value in an earlier step, or store it as a GitHub secret, and pass'
const keyItself = 'put the key itself here, beginning with BEGIN'

/** In the order in which they are looked for: the first that fits is reported. */
export const foreignTexts: ForeignTexts = {
  // Keys that were damaged on their way.
  'a key whose hyphens were turned into typographic dashes': [
    /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d][\u2010-\u2015\u2212\ufe58\ufe63\uff0d -]{0,8}(?:BEGIN|END) /,
    'email programs and word processors do that; copy the key from the file itself, opened in a plain text editor',
  ],
  'a BEGIN or END line that is not in capital letters': [
    /-----(?:begin|end) [a-z ]{0,40}key-----/i,
    copyAgain,
  ],
  'a BEGIN or END line that is not complete: it takes five hyphens, BEGIN or END, a space, the label and five hyphens':
    [
      /(?:BEGIN|END)[ _-]{0,3}(?:[A-Z0-9]{2,12} ?){0,3}(?:PRIVATE|PUBLIC) ?KEY/,
      `a hyphen or a space is missing; ${copyAgain}`,
    ],
  'a key printed for people to read (`openssl -text`)': [
    /^(?:modulus|publicExponent|privateExponent|Private-Key: |RSA Private-Key: )/im,
    `the PEM block is what programs read; ${storeFile}`,
  ],
  // The name or address of a value where the value is expected.
  'a shell command rather than its output': [
    /^\$\((?:.|\n){1,500}\)$|^`[^`\n]{1,300}`$/,
    `inputs and secrets are not run by a shell: store the output, \`gh secret set NAME < privateKey.pem\`, and pass ${secretExpression}`,
  ],
  'the name of a variable rather than its value': [
    /^\$\{?[A-Za-z_][\w:-]{0,100}\}?$|^%\w{1,100}%$|^\$env:\w{1,100}$/i,
    `inputs are not run by a shell: use ${secretExpression}`,
  ],
  'a secret reference of 1Password': [
    /^op:\/\/\S/,
    `${inAStep} what \`op read\` prints (1password/load-secrets-action)`,
  ],
  'the address of a secret in AWS (an ARN or a reference)': [
    /^arn:aws[\w-]*:|^\{\{resolve:|^\/aws\/reference\//,
    `${inAStep} what \`aws secretsmanager get-secret-value --query SecretString --output text\` prints (aws-actions/aws-secretsmanager-get-secrets)`,
  ],
  'the address of a secret in Google Secret Manager': [
    /^(?:sm:\/\/|gcp:|ref\+gcpsecrets:)?\/?projects\/[^\s/]{1,100}\/secrets\//,
    `${inAStep} what \`gcloud secrets versions access\` prints (google-github-actions/get-secretmanager-secrets)`,
  ],
  'the address of a secret in Azure Key Vault': [
    /@Microsoft\.KeyVault\(|^https:\/\/[\w-]{1,63}\.(?:vault|managedhsm)\.azure\.net\//i,
    `${inAStep} what \`az keyvault secret show --query value -o tsv\` prints`,
  ],
  'a workflow expression that was not evaluated': [
    /\$\{\{|\}\}/,
    `expressions are evaluated in workflow files only, not in secrets: write ${secretExpression} there, and store the key itself in the secret`,
  ],
  'a redirection from a file rather than what is in the file': [
    /^[<@]\s*[^\s<>]{1,300}$/,
    'store the content: `gh secret set NAME < privateKey.pem`, without quotes around it',
  ],
  'a value that another tool encrypted (Vault transit, Ansible Vault, sops, eyaml or Spring Cloud Config)':
    [
      /^vault:v\d{1,6}:|^\$ANSIBLE_VAULT;|^!vault\b|^ENC\[|^\{cipher\}|(?:^|\n)sops:(?:\n|$)/,
      'store the decrypted value, as the same tool prints it: `ansible-vault view FILE`, `sops --decrypt FILE`, or for Vault `vault write transit/decrypt/…` in an earlier step',
    ],
  'the path of a secret in HashiCorp Vault': [
    /^(?:vault:|ref\+vault:\/\/)?\/?(?:secret|kv)(?:\/data)?\/[\w./-]{1,200}(?:#[\w-]{1,60})?$|^(?:vault:|ref\+vault:)\S/,
    `${inAStep} what \`vault kv get -field=FIELD\` prints (hashicorp/vault-action)`,
  ],
  'a Git LFS pointer instead of the file': [
    /^version https:\/\/git-lfs\.github\.com\/spec\//,
    'fetch the file first: `git lfs pull`, or `lfs: true` of actions/checkout; better, keep keys out of repositories, and store this one as a GitHub secret',
  ],
  'a reference to a secret in another system': [
    /^(?:ref\+|doppler:|akeyless:|infisical:|bws:\/\/|keeper:\/\/|ssm:|awssm:|gcpsm:|azkv:)\S/,
    `${inAStep} what that system prints for it`,
  ],
  // What is put where a value is missing.
  'what a program prints for a missing value or an object': [
    /^(?:null|undefined|none|nil|nan|true|false|\(null\)|<nil>|\[object \w{1,30}\])$/i,
    'the program that stored this had no key, or printed it as an object: store the file itself, `gh secret set NAME < privateKey.pem`',
  ],
  'a placeholder': [
    /^(?:change-?me|replace-?me|todo|tbd|x{3,}|<[^<>\n]{1,60}>|your[-_ ].{1,60}|\.{3})$/i,
    'store the key itself: `gh secret set NAME < privateKey.pem`',
  ],
  'the asterisks that the runner shows in place of a secret': [
    /^\*{3,}$/,
    'copy the key from the system where it was generated',
  ],
  // Values that belong elsewhere.
  'a Public Key ID': [
    publicKeyIdFormat,
    'that value belongs in public-key-id; put the key itself here',
  ],
  'another value of an Amazon account (a store ID, merchant ID, access key ID or client secret)': [
    /^amzn1\.|^A[A-Z0-9]{12,13}$|^AKIA[A-Z0-9]{16}$/,
    keyItself,
  ],
  'a GitHub token': [
    /^(?:gh[a-z]_\w{20,}|github_pat_\w{20,})$/,
    'that value belongs in token; put the key itself here',
  ],
  "a key's fingerprint": [/^(?:SHA256|MD5):[A-Za-z0-9+/:]{40,50}=?$/, keyItself],
  'what looks like the path of a file': [
    /^(?:[~.]{0,2}[\\/]|[A-Za-z]:\\|file:)[^\n]{1,300}$|^[^\s]{1,200}\.(?:pem|key|pub|der|txt|p8|ppk|p12|pfx)$/i,
    'use the content of the file: `gh secret set NAME < privateKey.pem` stores it',
  ],
  'base64 that does not tell which key it is': [
    /^[A-Za-z0-9+/=\s]{600,}$/,
    'an encrypted PKCS#1 key needs its header lines (Proc-Type, DEK-Info), and every key its BEGIN and END lines: use the whole file',
  ],
}
