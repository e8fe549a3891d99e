/** Faults of a real Redis that take longer than a random run has: what is answered meanwhile, and what runs in the end. */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { patiently } from '../support/patience.ts'
import { until } from './faults.ts'
import { Twins } from './twins.ts'

const command = need('redis')
const COUNT = { name: 'count', text: "#!lua\nreturn redis.call('INCR', KEYS[1])" }
const READ = { name: 'read', text: "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])" }
const CAREFUL = { name: 'careful', text: "#!lua flags=allow-oom\nreturn redis.pcall('DEL', KEYS[1], 'x:{1}')" }
const OLD = {
  name: 'old',
  text: "redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return redis.call('INCR', KEYS[1])",
}
let twins: Twins

beforeAll(async () => {
  if (command) twins = await Twins.start(command)
})
afterAll(() => twins?.end())

/** Says a command on a socket of its own, which is gone before an answer can come. */
async function sayAndGo(...words: readonly string[]): Promise<void> {
  const socket = connect(twins.redis.port, '127.0.0.1')
  const text = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
  socket.write(`*${words.length}\r\n${text}`)
  await patiently(new Promise<void>((resolve) => socket.end(resolve)), 'the end of a socket')
  socket.destroy()
}

it('a call arrives after its connection died, and its answer is lost', async () => {
  await twins.command('SET', 'n', '1')
  twins.redis.freeze()
  await sayAndGo('INCR', 'n')
  await sayAndGo('INCR', 'n')
  twins.redis.thaw()
  await until(async () => (await twins.redis.say('GET', 'n')) === '3', 'both calls')
  twins.host.model.command('INCR', ['n'])
  twins.host.model.command('INCR', ['n'])
  await twins.expectSameState()
})

it.each(['full', 'replica', 'busy', 'loading', 'unsaved'] as const)(
  'what is answered while it is %s',
  async (fault) => {
    await twins.command('FLUSHALL', 'SYNC')
    for (let key = 0; key < 40; key += 1) await twins.command('SET', `key${key}`, 'x'.repeat(2000))
    for (const script of [COUNT, READ, CAREFUL, OLD]) await twins.run(script, 'n:{1}', [])
    await twins.withFault(fault, async () => {
      const answers = [
        await twins.run(COUNT, 'n:{1}', []),
        await twins.run({ ...COUNT, text: `${COUNT.text} ` }, 'n:{1}', []),
        await twins.run(READ, 'n:{1}', []),
        await twins.run(CAREFUL, 'n:{1}', []),
        await twins.run(OLD, 'n:{1}', []),
        await twins.command('GET', 'n:{1}'),
        await twins.command('SET', 'n:{1}', '1'),
        await twins.command('DEL', 'n:{1}', 'absent:{1}'),
        await twins.command('ECHO', 'x'),
        await twins.command('PING', 'x'),
        await twins.command('CONFIG', 'GET', 'appendonly'),
      ]
      expect(answers.some((answer) => 'error' in answer)).toBe(true)
      if (fault !== 'busy') await twins.expectSameFacts()
    })
    await twins.run(COUNT, 'n:{1}', [])
    await twins.expectSameState()
  },
)
