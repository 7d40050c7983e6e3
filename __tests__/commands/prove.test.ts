import { jest } from '@jest/globals'
import type { Answer } from '../../src/domain/amazon-pay/verdict.ts'
import { type Key, makeKeys, payId, Scene } from './world.ts'

const keys = makeKeys(2) as [Key, Key]
const [key, other] = keys

const pair = { privateKey: key.pem, publicKeyId: key.id, region: 'us' } as const

function shop(): Scene {
  const scene = new Scene()
  scene.amazon.register(key)
  return scene
}

const told = async (answer: Partial<Answer> | null) => {
  const scene = shop()
  scene.amazon.instead = () =>
    answer && { ...scene.amazon.answer(403, 'Strange', 'said so'), ...answer }
  const story = await scene.run('validate', { ...pair, amazonPayCheck: 'require' })
  return { ...story, requests: scene.amazon.requests.length }
}

describe('Amazon’s own words', () => {
  test('status, reason, message and request ID', async () => {
    const { trouble } = await told({ requestId: 'R'.repeat(100) })
    expect(trouble).toContain(`: 403 Strange “said so” x-amz-pay-request-id ${'R'.repeat(80)}\n`)
  })

  test('only what there is', async () => {
    const bare = await told({ body: '{"reasonCode":"Strange"}', requestId: null })
    expect(bare.trouble).toContain(': 403 Strange\n')
    const foreign = await told({ contentType: 'text/html', requestId: null })
    expect(foreign.trouble).toContain(': 403 no reasonCode\n')
    expect((await told(null)).trouble).toContain(': no answer\n')
  })
})

describe('how often it is asked', () => {
  test('no answer: four times, with more and more time between, and jitter', async () => {
    const jitter = jest.spyOn(Math, 'random').mockReturnValue(1)
    const story = await told(null)
    jitter.mockRestore()
    expect(story.requests).toBe(4)
    // 1.25, 2.5 and 5 seconds.
    expect(story.log).toEqual([
      ...['ask Amazon Pay', 'wait 1', 'ask Amazon Pay', 'wait 3', 'ask Amazon Pay', 'wait 5'],
      'ask Amazon Pay',
    ])
  })

  test('not again when the step is to end', async () => {
    const scene = shop()
    scene.amazon.instead = () => null
    await scene.run('validate', pair, { stopped: true })
    expect(scene.amazon.requests).toHaveLength(1)
    const elsewhere = shop()
    elsewhere.amazon.register(other, { id: key.id })
    await elsewhere.run('validate', pair, { stopped: true })
    expect(elsewhere.amazon.requests).toHaveLength(1)
  })

  test('the control without answer: four times; unknown: once, since that is its right answer', async () => {
    const scene = new Scene().given({ next: key })
    scene.amazon.instead = () => null
    const story = await scene.run('activate', pair)
    expect(scene.amazon.requests).toHaveLength(4)
    expect(story.trouble).toContain('gave no usable answer to the control request')
    const unknown = new Scene().given({ next: key })
    unknown.amazon.instead = (_, count) =>
      count === 1 ? unknown.amazon.answer(401, 'Unknown', 'no') : undefined
    expect((await unknown.run('activate', pair)).status).toBe('activated')
    expect(unknown.amazon.requests).toHaveLength(2)
  })

  test('elsewhere: once in each place, whatever the answer', async () => {
    const scene = shop()
    scene.amazon.register(other, { id: key.id })
    scene.amazon.instead = ({ host }) => (host === 'pay-api.amazon.com' ? undefined : null)
    await scene.run('validate', pair)
    expect(scene.amazon.requests.map(({ host }) => host)).toEqual([
      'pay-api.amazon.com',
      'pay-api.amazon.eu',
      'pay-api.amazon.jp',
    ])
  })

  test('elsewhere, for an ID without prefix: in both views, but for the one that was asked', async () => {
    const scene = shop()
    const id = payId('N', '')
    scene.amazon.register(other, { id, environments: ['live', 'sandbox'] })
    await scene.run('validate', { ...pair, publicKeyId: id, payEnvironment: 'live' })
    expect(scene.amazon.requests.map(({ host, path }) => `${host}${path.slice(0, 5)}`)).toEqual([
      'pay-api.amazon.com/live',
      'pay-api.amazon.com/sand',
      'pay-api.amazon.eu/live',
      'pay-api.amazon.eu/sand',
      'pay-api.amazon.jp/live',
      'pay-api.amazon.jp/sand',
    ])
  })

  test('an ID of a suspended account lives there all the same', async () => {
    const scene = shop()
    scene.amazon.register(key, { region: 'jp' })
    scene.amazon.set(key.id, 'suspended')
    const story = await scene.run('validate', pair)
    expect(story.trouble).toContain('this ID lives in JP')
  })

  test('an ID without prefix of the other view', async () => {
    const scene = shop()
    const id = payId('N', '')
    scene.amazon.register(key, { id, environments: ['sandbox'] })
    const story = await scene.run('validate', { ...pair, publicKeyId: id, payEnvironment: 'live' })
    expect(story.trouble).toContain('this ID lives in US (United States, sandbox)')
  })
})

describe('a clock that is refused', () => {
  const refused = (date: string | null) =>
    told({
      status: 400,
      body: JSON.stringify({ reasonCode: 'InvalidHeaderValue', message: 'x-amz-pay-date' }),
      date,
    })
  const now = new Scene().milliseconds

  test.each([
    ['without a Date header', null, 1, 'off by an unknown time'],
    ['by a Date that is ours', 0, 2, 'right by the Date'],
    ['ahead', -90, 2, '90 seconds ahead'],
    ['behind', 90, 2, '90 seconds behind'],
  ] as const)('%s', async (_, skew, requests, words) => {
    const date = skew === null ? null : new Date(now + skew * 1000).toUTCString()
    const story = await refused(date)
    expect(story).toMatchObject({ code: 'clock-skew', requests })
    expect(story.trouble).toContain(words)
    expect(story.outcome.proof?.judgement?.skew).toBe(skew)
  })
  test('what is signed next lies not even a fraction of a second in Amazon’s future', async () => {
    const scene = shop()
    // Ours is late in its second, Amazon's early in its own: both tell whole seconds only.
    scene.milliseconds = now + 900
    scene.amazon.offset = -299_800
    scene.amazon.instead = (request) => {
      const answer = scene.amazon.judge(request)
      scene.pass(200)
      return answer
    }
    const story = await scene.run('validate', { ...pair, amazonPayCheck: 'require' })
    expect(story.status).toBe('valid')
    expect(scene.amazon.answers).toEqual([400, 404])
  })
})
