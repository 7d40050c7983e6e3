import { copyAgain, storeFile } from './hints.ts'

/** Something that is not a key. */
export interface Foreign {
  /** Completes “contains …”. */
  readonly what: string
  readonly hint: string
}

/** Each expression reads a text once, without backtracking: a megabyte of anything is answered at once. */
export interface ForeignText extends Foreign {
  readonly sign: RegExp
}

/** Documents that may have a PEM key somewhere inside, and are refused all the same. */
export const foreignDocuments: readonly ForeignText[] = [
  {
    sign: /^PuTTY-User-Key-File/,
    what: 'a PuTTY key file (.ppk)',
    hint: 'convert it: `puttygen key.ppk -O private-openssh -o privateKey.pem`, or in PuTTYgen: Conversions → Export OpenSSH key',
  },
  {
    sign: /^(?=<)[\s\S]*?<(?:\w+:)?Modulus>/,
    what: 'an RSA key as XML (.NET)',
    hint: 'write it as PEM: `rsa.ExportPkcs8PrivateKeyPem()` for the private key, `rsa.ExportSubjectPublicKeyInfoPem()` for the public key',
  },
  {
    sign: /^<(?:!doctype html|html)\b/i,
    what: 'an HTML page',
    hint: `a download or an upload failed and left its error or login page; ${storeFile}`,
  },
]

const secretExpression = `\`\${{ secrets.NAME }}\``
const inAStep = 'fetch the value in an earlier step, or store it as a GitHub secret, and pass'
const keyItself = 'put the key itself here, beginning with BEGIN'

/** In the order in which they are looked for: the first that fits is reported. */
export const foreignTexts: readonly ForeignText[] = [
  // Keys that were damaged on their way.
  {
    sign: /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d][\u2010-\u2015\u2212\ufe58\ufe63\uff0d -]{0,8}(?:BEGIN|END) /,
    what: 'a key whose hyphens were turned into typographic dashes',
    hint: 'email programs and word processors do that; copy the key from the file itself, opened in a plain text editor',
  },
  {
    sign: /-----(?:begin|end) [a-z ]{0,40}key-----/i,
    what: 'a BEGIN or END line that is not in capital letters',
    hint: copyAgain,
  },
  {
    sign: /(?:BEGIN|END)[ _-]{0,3}(?:[A-Z0-9]{2,12} ?){0,3}(?:PRIVATE|PUBLIC) ?KEY/,
    what: 'a BEGIN or END line that is not complete: it takes five hyphens, BEGIN or END, a space, the label and five hyphens',
    hint: `a hyphen or a space is missing; ${copyAgain}`,
  },
  {
    sign: /^(?:modulus|publicExponent|privateExponent|Private-Key: |RSA Private-Key: )/im,
    what: 'a key printed for people to read (`openssl -text`)',
    hint: `the PEM block is what programs read; ${storeFile}`,
  },
  // The name or address of a value where the value is expected.
  {
    sign: /^\$\((?:.|\n){1,500}\)$|^`[^`\n]{1,300}`$/,
    what: 'a shell command rather than its output',
    hint: `inputs and secrets are not run by a shell: store the output, \`gh secret set NAME < privateKey.pem\`, and pass ${secretExpression}`,
  },
  {
    sign: /^\$\{?[A-Za-z_][\w:-]{0,100}\}?$|^%\w{1,100}%$|^\$env:\w{1,100}$/i,
    what: 'the name of a variable rather than its value',
    hint: `inputs are not run by a shell: use ${secretExpression}`,
  },
  {
    sign: /^op:\/\/\S/,
    what: 'a secret reference of 1Password',
    hint: `${inAStep} what \`op read\` prints (1password/load-secrets-action)`,
  },
  {
    sign: /^arn:aws[\w-]*:|^\{\{resolve:|^\/aws\/reference\//,
    what: 'the address of a secret in AWS (an ARN or a reference)',
    hint: `${inAStep} what \`aws secretsmanager get-secret-value --query SecretString --output text\` prints (aws-actions/aws-secretsmanager-get-secrets)`,
  },
  {
    sign: /^(?:sm:\/\/|gcp:|ref\+gcpsecrets:)?\/?projects\/[^\s/]{1,100}\/secrets\//,
    what: 'the address of a secret in Google Secret Manager',
    hint: `${inAStep} what \`gcloud secrets versions access\` prints (google-github-actions/get-secretmanager-secrets)`,
  },
  {
    sign: /@Microsoft\.KeyVault\(|^https:\/\/[\w-]{1,63}\.(?:vault|managedhsm)\.azure\.net\//i,
    what: 'the address of a secret in Azure Key Vault',
    hint: `${inAStep} what \`az keyvault secret show --query value -o tsv\` prints`,
  },
  {
    sign: /\$\{\{|\}\}/,
    what: 'a workflow expression that was not evaluated',
    hint: `expressions are evaluated in workflow files only, not in secrets: write ${secretExpression} there, and store the key itself in the secret`,
  },
  {
    sign: /^[<@]\s*[^\s<>]{1,300}$/,
    what: 'a redirection from a file rather than what is in the file',
    hint: 'store the content: `gh secret set NAME < privateKey.pem`, without quotes around it',
  },
  {
    sign: /^vault:v\d{1,6}:|^\$ANSIBLE_VAULT;|^!vault\b|^ENC\[|^\{cipher\}|(?:^|\n)sops:(?:\n|$)/,
    what: 'a value that another tool encrypted (Vault transit, Ansible Vault, sops, eyaml or Spring Cloud Config)',
    hint: 'store the decrypted value, as the same tool prints it: `ansible-vault view FILE`, `sops --decrypt FILE`, or for Vault `vault write transit/decrypt/…` in an earlier step',
  },
  {
    sign: /^(?:vault:|ref\+vault:\/\/)?\/?(?:secret|kv)(?:\/data)?\/[\w./-]{1,200}(?:#[\w-]{1,60})?$|^(?:vault:|ref\+vault:)\S/,
    what: 'the path of a secret in HashiCorp Vault',
    hint: `${inAStep} what \`vault kv get -field=FIELD\` prints (hashicorp/vault-action)`,
  },
  {
    sign: /^version https:\/\/git-lfs\.github\.com\/spec\//,
    what: 'a Git LFS pointer instead of the file',
    hint: 'fetch the file first: `git lfs pull`, or `lfs: true` of actions/checkout; better, keep keys out of repositories, and store this one as a GitHub secret',
  },
  {
    sign: /^(?:ref\+|doppler:|akeyless:|infisical:|bws:\/\/|keeper:\/\/|ssm:|awssm:|gcpsm:|azkv:)\S/,
    what: 'a reference to a secret in another system',
    hint: `${inAStep} what that system prints for it`,
  },
  // What is put where a value is missing.
  {
    sign: /^(?:null|undefined|none|nil|nan|true|false|\(null\)|<nil>|\[object \w{1,30}\])$/i,
    what: 'what a program prints for a missing value or an object',
    hint: 'the program that stored this had no key, or printed it as an object: store the file itself, `gh secret set NAME < privateKey.pem`',
  },
  {
    sign: /^(?:change-?me|replace-?me|todo|tbd|x{3,}|<[^<>\n]{1,60}>|your[-_ ].{1,60}|\.{3})$/i,
    what: 'a placeholder',
    hint: 'store the key itself: `gh secret set NAME < privateKey.pem`',
  },
  {
    sign: /^\*{3,}$/,
    what: 'the asterisks that the runner shows in place of a secret',
    hint: 'copy the key from the system where it was generated',
  },
  // Values that belong elsewhere.
  {
    sign: /^(?:(?:SANDBOX|LIVE)-)?[A-Z0-9]{24}$/,
    what: 'a Public Key ID',
    hint: 'that value belongs in public-key-id; put the key itself here',
  },
  {
    sign: /^amzn1\.|^A[A-Z0-9]{12,13}$|^AKIA[A-Z0-9]{16}$/,
    what: 'another value of an Amazon account (a store ID, merchant ID, access key ID or client secret)',
    hint: keyItself,
  },
  {
    sign: /^(?:gh[a-z]_\w{20,}|github_pat_\w{20,})$/,
    what: 'a GitHub token',
    hint: 'that value belongs in token; put the key itself here',
  },
  {
    sign: /^(?:SHA256|MD5):[A-Za-z0-9+/:]{40,50}=?$/,
    what: "a key's fingerprint",
    hint: keyItself,
  },
  {
    sign: /^(?:[~.]{0,2}[\\/]|[A-Za-z]:\\|file:)[^\n]{1,300}$|^[^\s]{1,200}\.(?:pem|key|pub|der|txt|p8|ppk|p12|pfx)$/i,
    what: 'what looks like the path of a file',
    hint: 'use the content of the file: `gh secret set NAME < privateKey.pem` stores it',
  },
  {
    sign: /^[A-Za-z0-9+/=\s]{600,}$/,
    what: 'base64 that does not tell which key it is',
    hint: 'an encrypted PKCS#1 key needs its header lines (Proc-Type, DEK-Info), and every key its BEGIN and END lines: use the whole file',
  },
]
