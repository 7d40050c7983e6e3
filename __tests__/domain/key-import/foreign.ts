import { createPrivateKey } from 'node:crypto'
import { derOf, type KeyWorkshop, pemOf } from './workshop.ts'

/** A text that is not a key in a supported format, and what the message about it has to say. */
export interface ForeignText {
  readonly kind: string
  readonly name: string
  readonly make: (workshop: KeyWorkshop) => string
  readonly fact: RegExp
  readonly hint: RegExp
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const foreignTexts: readonly ForeignText[] = [
  ...kind('a key in a JSON member', /JSON with a key in (?:its member|one of)/, /member alone/, {
    'in its member key': (w) => JSON.stringify({ name: 'shop', key: w.pkcs8() }),
    'of a service account': (w) =>
      JSON.stringify({ type: 'service_account', private_key: w.pkcs8() }),
    'in base64': (w) => JSON.stringify({ data: { privateKey: base64(w.pkcs8()) } }),
    'in a list': (w) => JSON.stringify([{ id: 1 }, { pem: w.pkcs1() }]),
    'with a name of odd characters': (w) => JSON.stringify({ 'the key': w.pkcs8() }),
    'in JSON inside JSON': (w) =>
      JSON.stringify({ SecretString: JSON.stringify({ k: w.pkcs8() }) }),
  }),
  ...kind('JSON without a key', /JSON without a key/, /key itself/, {
    'of settings': () => '{"region":"eu"}',
    'that is empty': () => '{}',
    'that is a list': () => '[1,2,3]',
  }),
  ...kind(
    'an encrypted payload of a plugin',
    /encrypted payload.*there is no API key/,
    /generate/,
    {
      'of the key exchange': () =>
        JSON.stringify({
          encryptedKey: 'q1w2',
          encryptedPayload: 'e3r4',
          iv: 't5',
          sigKeyID: 'u6',
        }),
      'with names in snake case': () => '{"encrypted_key":"q1","encrypted_payload":"w2"}',
      'without a key of its own': () => '{"encryptedPayload":"w2","signature":"e3"}',
    },
  ),
  ...kind(
    'the JSON download of Integration Central',
    /names a key and does not contain it/,
    /public-key-id/,
    {
      'with snake case': () => '{"merchant_id":"A1B2C3D4E5F6G7","public_key_id":"SANDBOX-X"}',
      'with camel case': () => '{"merchantId":"A1B2C3D4E5F6G7","publicKeyId":"SANDBOX-X"}',
      'with a store ID only': () => '{"store_id":"amzn1.application-oa2-client.1"}',
    },
  ),
  ...kind('a stray character around base64', /a key in base64, and/, /store|copy/, {
    'a % of the shell behind it': (w) => `${base64(w.pkcs8())}%`,
    'a $ in front of it': (w) => `$${base64(w.pkcs8())}`,
    'a comma and a bracket behind it': (w) => `${base64(w.pkcs1())},)`,
    'a % behind the body of a key': (w) => `${derOf(w.pkcs8()).toString('base64')}%`,
  }),
  ...kind('a + that became a space', /spaces where \+ belongs/, /%2B/, {
    'in a PEM': (w) => withPlus(w.pkcs8()).replaceAll('+', ' '),
    'in base64': (w) => base64(`${w.pkcs8()}~~>>~~>>`).replaceAll('+', ' '),
    'in a PKCS#1 PEM': (w) => w.pkcs1().replaceAll('+', ' '),
    'in the body of a key': (w) => derOf(w.pkcs8()).toString('base64').replaceAll('+', ' '),
    'at the end of a PEM': (w) =>
      w
        .pkcs8()
        .replaceAll('=', 'A')
        .replaceAll('+', ' ')
        .replace(/.(?=\n-----END)/, ' '),
  }),
  ...kind('a lost hyphen', /(?:damaged|not complete).*hyphens/, /hyphen/, {
    'in front of BEGIN': (w) => w.pkcs8().slice(1),
    'behind END': (w) => w.pkcs8().trimEnd().slice(0, -1),
    'behind BEGIN': (w) => w.pkcs8().replace('KEY-----\n', 'KEY----\n'),
    'in front of END': (w) => w.pkcs8().replace('\n-----END', '\n----END'),
    'in front of BEGIN and behind END': (w) => w.pkcs8().trimEnd().slice(1, -1),
  }),
  ...kind('line numbers', /line number in front of each line/, /copy/, {
    'with colons': (w) => numbered(w.pkcs8(), (line, at) => `${at}: ${line}`),
    'of cat -n': (w) => numbered(w.pkcs8(), (line, at) => `${String(at).padStart(6)}\t${line}`),
    'with bars': (w) => numbered(w.pkcs1(), (line, at) => `${at} | ${line}`),
  }),
  ...kind('marks of a diff', /mark of a diff/, /diff/, {
    'of an added key': (w) => w.pkcs8().replace(/^(?=.)/gm, '+'),
    'of a removed key': (w) => w.pkcs8().replace(/^(?=.)/gm, '-'),
    'of an added PKCS#1 key': (w) => w.pkcs1().replace(/^(?=.)/gm, '+'),
  }),
  ...kind('/n for line breaks', /\/n where line breaks belong/, /backslash|gh secret set/, {
    'in a PEM': (w) => w.pkcs8().trimEnd().replaceAll('\n', '/n'),
    'in a PKCS#1 PEM': (w) => w.pkcs1().trimEnd().replaceAll('\n', '/n'),
    'beside real ones': (w) => w.pkcs8().replaceAll('\n', '/n\n'),
  }),
  ...kind('too many characters', /too many/, /typed or pasted/, {
    'one letter': (w) => inserted(w.pkcs8(), 'A'),
    'three letters': (w) => inserted(w.pkcs8(), 'abc'),
    'two digits in PKCS#1': (w) => inserted(w.pkcs1(), '12'),
  }),
  ...kind('a reference to 1Password', /secret reference of 1Password/, /op read/, {
    'to a field': () => 'op://vault/amazon pay/private key',
    'to a file': () => 'op://prod/pay/key.pem',
    'in quotes': () => '"op://prod/pay/key"',
  }),
  ...kind('a reference to AWS', /address of a secret in AWS/, /get-secret-value/, {
    'to Secrets Manager': () =>
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:pay-key-AbCdEf',
    'of CloudFormation': () => '{{resolve:secretsmanager:pay:SecretString:key}}',
    'of the parameter store': () => '/aws/reference/secretsmanager/pay-key',
    'to China': () => 'arn:aws-cn:ssm:cn-north-1:123456789012:parameter/pay',
  }),
  ...kind('a reference to Google', /Google Secret Manager/, /gcloud/, {
    'to a version': () => 'projects/123/secrets/pay-key/versions/latest',
    'with sm://': () => 'sm://projects/shop/secrets/pay-key',
    'to a secret': () => 'projects/shop/secrets/pay-key',
  }),
  ...kind('a reference to Azure', /Azure Key Vault/, /az keyvault/, {
    'of App Service': () => '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/k/)',
    'as an address': () => 'https://shop.vault.azure.net/secrets/pay-key/0123456789abcdef',
    'by name': () => '@Microsoft.KeyVault(VaultName=shop;SecretName=pay)',
  }),
  ...kind('a reference to Vault', /HashiCorp Vault/, /vault kv get/, {
    'with a field': () => 'vault:secret/data/pay#private_key',
    'as a path': () => 'secret/data/shop/pay',
    'of vals': () => 'ref+vault://secret/pay#/key',
  }),
  ...kind('a value that another tool encrypted', /encrypted/, /decrypt|view/, {
    'by Vault': () => 'vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==',
    'by Ansible': () =>
      '$ANSIBLE_VAULT;1.1;AES256\n62313365396662343061393464336163383764373764613633653634306231386433626436623361',
    'by sops': () => 'ENC[AES256_GCM,data:Tr7o1,iv:1=,tag:k=,type:str]',
    'by eyaml': () => 'ENC[PKCS7,MIIBeQYJKoZIhvcNAQcDoIIBajCCAWYCAQAxggEhMIIBHQIBADAFMAACAQEw]',
  }),
  ...kind('a Git LFS pointer', /Git LFS pointer/, /git lfs pull/, {
    'of a key file': () =>
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 1704\n',
    'with CRLF': () =>
      'version https://git-lfs.github.com/spec/v1\r\noid sha256:4d7a\r\nsize 1704\r\n',
    'without a size': () => 'version https://git-lfs.github.com/spec/v1',
  }),
  ...kind('the name of a variable', /name of a variable/, /secrets\.NAME/, {
    'of the shell': () => '$AMAZON_PAY_PRIVATE_KEY',
    'in braces': () => '$' + '{AMAZON_PAY_PRIVATE_KEY}',
    'of cmd': () => '%AMAZON_PAY_PRIVATE_KEY%',
    'of PowerShell': () => '$env:AMAZON_PAY_PRIVATE_KEY',
  }),
  ...kind('a shell command', /shell command rather than its output/, /not run by a shell/, {
    'of cat': () => '$(cat privateKey.pem)',
    'in backticks': () => '`cat privateKey.pem`',
    'of base64': () => '$(base64 -d key.b64)',
  }),
  ...kind('a redirection', /redirection from a file/, /gh secret set/, {
    'with a space': () => '< privateKey.pem',
    'of curl': () => '@privateKey.pem',
    'without a space': () => '<./keys/privateKey.pem',
  }),
  ...kind(
    'an expression that was not evaluated',
    /expression that was not evaluated/,
    /workflow files/,
    {
      'of a secret': () => '$' + '{{ secrets.KEY }}',
      'of a variable': () => '$' + '{{ vars.KEY }}',
      'that is not whole': () => 'secrets.KEY }}',
    },
  ),
  ...kind('what a program prints for nothing', /missing value or an object/, /gh secret set/, {
    null: () => 'null',
    undefined: () => 'undefined',
    'an object': () => '[object Object]',
    'a promise': () => '[object Promise]',
    None: () => 'None',
    'a nil of Go': () => '<nil>',
  }),
  ...kind('a placeholder', /placeholder/, /gh secret set/, {
    changeme: () => 'changeme',
    'in angle brackets': () => '<your private key>',
    'your-key-here': () => 'your-private-key-here',
  }),
  ...kind('an HTML page', /HTML page/, /download|upload/, {
    'of a login': () => '<!DOCTYPE html>\n<html><body>Sign in</body></html>',
    'without a doctype': () => '<html><head></head></html>',
    'in lower case': () => '<!doctype html><title>Not found</title>',
  }),
  ...kind('a PGP message', /BEGIN PGP/, /PGP/, {
    'that is encrypted': () => pgp('MESSAGE'),
    'of a private key': () => pgp('PRIVATE KEY BLOCK'),
    'of a public key': () => pgp('PUBLIC KEY BLOCK'),
  }),
  ...kind('hex', /encoded in hex once more/, /xxd/, {
    'of DER': (w) => derOf(w.pkcs8()).toString('hex'),
    'of PEM': (w) => Buffer.from(w.pkcs8()).toString('hex'),
    'with colons': (w) =>
      derOf(w.pkcs1())
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
    'in capital letters': (w) => derOf(w.pkcs8()).toString('hex').toUpperCase(),
  }),
  ...kind('percent encoding', /percent-encoded/, /unquote/, {
    'of a PEM': (w) => encodeURIComponent(w.pkcs8()),
    'of a form': (w) => new URLSearchParams({ k: w.pkcs8() }).toString().slice(2),
    // Keys differ in length: only with padding has every one of them something to encode.
    'of base64': (w) => encodeURIComponent(base64(w.pkcs8().replace(/^(?:[\s\S]{3})*$/, '$&\n'))),
    'of a PKCS#1 PEM': (w) => encodeURIComponent(w.pkcs1()),
  }),
  ...kind('a data URI', /data URI/, /comma/, {
    'of a PEM': (w) => `data:application/x-pem-file;base64,${base64(w.pkcs8())}`,
    'of DER': (w) => `data:;base64,${derOf(w.pkcs8()).toString('base64')}`,
    'of text': (w) => `data:text/plain;base64,${base64(w.pkcs1())}`,
  }),
  ...kind('Python bytes', /Python bytes/, /decode\(\)/, {
    'of base64': (w) => `b'${base64(w.pkcs8())}'`,
    'in double quotes': (w) => `b"${base64(w.pkcs1())}"`,
    'of a body': (w) => `b'${derOf(w.pkcs8()).toString('base64')}'`,
  }),
  ...kind('a Kubernetes secret', /Kubernetes secret/, /kubectl/, {
    'as YAML': (w) => `apiVersion: v1\nkind: Secret\ndata:\n  key: ${base64(w.pkcs8())}\n`,
    'with the data first': (w) => `data:\n  pay.pem: ${base64(w.pkcs8())}\nkind: Secret\n`,
    'in quotes': (w) => `kind: Secret\ndata:\n  key: "${base64(w.pkcs1())}"\n`,
  }),
  ...kind('a PEM inside a PEM', /PEM file (?:that was encoded|was wrapped)/, /original|outer/, {
    'by certutil': (w) => pemOf('CERTIFICATE', Buffer.from(w.pkcs8())),
    'under BEGIN PRIVATE KEY': (w) => pemOf('PRIVATE KEY', Buffer.from(w.pkcs8())),
    'with both pairs of lines': (w) =>
      `-----BEGIN RSA PRIVATE KEY-----\n${w.pkcs8()}-----END RSA PRIVATE KEY-----\n`,
    'of PKCS#1': (w) => pemOf('CERTIFICATE', Buffer.from(w.pkcs1())),
  }),
  ...kind('HTML', /HTML entities/, /original/, {
    'with entities for line breaks': (w) => base64(w.pkcs8()).replaceAll(/.{64}/g, '$&&#10;'),
    'with <br>': (w) => derOf(w.pkcs8()).toString('base64').replaceAll(/.{64}/g, '$&<br>'),
    'with entities for plus signs': (w) =>
      derOf(w.pkcs8()).toString('base64').replaceAll('+', '&#43;'),
  }),
  ...kind(
    'a fingerprint or an ID',
    /Public Key ID|store ID|merchant ID|fingerprint|access key/,
    /key itself/,
    {
      'a Public Key ID': () => 'SANDBOX-AFVX7ULWSGBZ5535PCUQOY7B',
      'a merchant ID': () => 'A1B2C3D4E5F6G7',
      'a store ID': () => 'amzn1.application-oa2-client.0123456789abcdef',
      'a fingerprint': () => `SHA256:${'aB3/'.repeat(10)}aB3`,
      'an access key': () => 'AKIAIOSFODNN7EXAMPLE',
    },
  ),
  ...kind('a key as XML or JSON', /XML|JWK/, /PEM/, {
    'of .NET': () => '<RSAKeyValue><Modulus>wJ8t</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>',
    'of JOSE': (w) => JSON.stringify(createPrivateKey(w.pkcs8()).export({ format: 'jwk' })),
    'a set of JOSE keys': () => '{"keys":[]}',
  }),
]

function kind(
  name: string,
  fact: RegExp,
  hint: RegExp,
  examples: Readonly<Record<string, ForeignText['make']>>,
): ForeignText[] {
  return Object.entries(examples).map(([example, make]) => ({
    kind: name,
    name: example,
    make,
    fact,
    hint,
  }))
}

function numbered(pem: string, number: (line: string, at: number) => string): string {
  return pem
    .trimEnd()
    .split('\n')
    .map((line, index) => number(line, index + 1))
    .join('\n')
}

function inserted(pem: string, text: string): string {
  return pem.slice(0, 500) + text + pem.slice(500)
}

function pgp(what: string): string {
  return `-----BEGIN PGP ${what}-----\n\nlQOYBGRsdkIBCADF\n=ab12\n-----END PGP ${what}-----\n`
}

/** The key has a + in all but one of a million cases; its text is what the case is about. */
function withPlus(pem: string): string {
  if (!pem.includes('+')) throw new Error('a key without a plus sign: run the tests again')
  return pem
}
