import type { AmazonPay } from './amazon-pay.ts'
import type { GitHub } from './github.ts'
import { runAction } from './runner.ts'

/** The inputs of a step that stages a key in all repositories. */
export const generateInputs = ({ token, repositories }: GitHub) => ({
  command: 'generate',
  token,
  region: 'us',
  'pay-environment': 'live',
  repository: [...repositories.keys()].join(','),
})

/**
 * Rotates the key of all repositories once, with the action itself but without its pauses, and stages the next one.
 * Returns the inputs of a step that activates it.
 */
export async function prepareActivation(github: GitHub, amazonPay: AmazonPay) {
  const generate = generateInputs(github)
  const run = async (inputs: Readonly<Record<string, string>>) => {
    const result = await runAction({ github, amazonPay, inputs, pauseFactor: 1000 })
    if (result.exitCode !== 0) throw new Error(result.log)
    return result.outputs
  }
  const stage = async () => {
    const { 'public-key': publicKey = '' } = await run({ ...generate, artifact: 'false' })
    const entry = { region: 'us', view: 'live', publicKey, name: 'rotation' } as const
    const secrets = github.secretsFor(generate.repository.split(',')[0] ?? '')
    return {
      ...generate,
      command: 'activate',
      'public-key-id': amazonPay.exchange(entry),
      'current-private-key': secrets.AMAZON_PAY_PRIVATE_KEY ?? '',
      'next-private-key': secrets.AMAZON_PAY_PRIVATE_KEY_NEXT ?? '',
    }
  }
  await run(await stage())
  return stage()
}
