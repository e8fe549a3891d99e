/**
 * A stock client (4.6 or newer) that lost its connection resumes by itself from the room's log, with no code of its own:
 * nothing missing, nothing doubled, and `socket.recovered` is what `welcome.resumed` says.
 */
import { describe, expect, it } from 'vitest'
import { connected, hears, openCutOff, SAYINGS, welcome } from '../../support/cut-off.ts'
import { StockSocket, type Transport, TYPES } from '../../support/stock-socket.ts'

const line = { definition: SAYINGS, limits: { rate: { perSecond: 10_000, burst: 10_000 } } }
const corridor = openCutOff(
  {
    '/room': line,
    '/other': line,
    '/short': { ...line, history: { keep: 5, replay: 2 } },
    '/echo': { module: 'echo' },
  },
  { isDurable: true },
)

describe.each<Transport>(['websocket', 'polling'])('over %s', (transport) => {
  it('a lost connection is resumed: what was missed comes once, then what follows', async () => {
    const ann = corridor.open('/room', transport)
    const other = await corridor.speaker('/room')
    const first = await welcome(ann)
    expect(first.resumed).toBeUndefined()
    await other.say('1', '2')
    await hears(ann, '2')

    await corridor.lose(ann)
    await other.say('3', '4', '5')
    corridor.cable.plug()
    await connected(ann, 2)
    const second = await welcome(ann)
    expect(second.resumed).toBe(true)
    expect(second.you.name).toBe(first.you.name)
    await other.say('6')
    await hears(ann, '6')
    expect(ann.connects).toEqual([false, true])
    expect(ann.all('said')).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  it('what was only broadcast moves the offset neither back nor ahead', async () => {
    const ann = corridor.open('/room', transport)
    const other = await corridor.speaker('/room')
    await welcome(ann)
    await other.say('1')
    other.hint('psst')
    const [text, extra, offset] = await ann.next('hinted')
    expect([text, extra]).toEqual(['psst', {}])
    expect(offset).toBe((ann.heard.find(({ type }) => type === 'said')?.args ?? [])[2])

    await corridor.lose(ann)
    await other.say('2')
    corridor.cable.plug()
    await connected(ann, 2)
    await hears(ann, '2')
    expect(ann.connects).toEqual([false, true])
    expect(ann.all('said')).toEqual(['1', '2'])
  })

  it('one that has heard nothing but its welcome resumes too, also in an empty room', async () => {
    const ann = corridor.open('/room', transport)
    await welcome(ann)
    const other = await corridor.speaker('/room')
    await corridor.lose(ann)
    await other.say('1')
    corridor.cable.plug()
    await connected(ann, 2)
    await hears(ann, '1')
    expect(ann.connects).toEqual([false, true])
    expect((await welcome(ann)).resumed).toBe(true)
  })

  it('resumes again and again', async () => {
    const ann = corridor.open('/room', transport)
    const other = await corridor.speaker('/room')
    await welcome(ann)
    const texts: string[] = []
    for (let round = 1; round <= 5; round += 1) {
      await corridor.lose(ann)
      texts.push(`${round}a`, `${round}b`)
      await other.say(`${round}a`, `${round}b`)
      corridor.cable.plug()
      await connected(ann, round + 1)
      await hears(ann, `${round}b`)
    }
    expect(ann.connects).toEqual([false, true, true, true, true, true])
    expect(ann.all('said')).toEqual(texts)
  })

  it('a past that is gone is no recovery: it gets what a newcomer gets', async () => {
    const ann = corridor.open('/short', transport)
    const other = await corridor.speaker('/short')
    await welcome(ann)
    await other.say('1')
    await hears(ann, '1')
    await corridor.lose(ann)
    await other.say('2', '3', '4', '5', '6', '7', '8')
    corridor.cable.plug()
    await connected(ann, 2)
    expect(await welcome(ann)).toMatchObject({ resumed: false, reason: 'trimmed' })
    await hears(ann, '8')
    expect(ann.connects).toEqual([false, false])
    expect(ann.all('said')).toEqual(['1', '7', '8'])

    // The next loss is resumed again.
    await corridor.lose(ann)
    await other.say('9')
    corridor.cable.plug()
    await connected(ann, 3)
    await hears(ann, '9')
    expect(ann.connects).toEqual([false, false, true])
    expect(ann.all('said')).toEqual(['1', '7', '8', '9'])
  })

  it('several namespaces of one connection resume each by itself', async () => {
    const ann = corridor.open('/room', transport)
    const second = corridor.watch(new StockSocket(ann.socket.io.socket('/other'), TYPES))
    const third = corridor.watch(new StockSocket(ann.socket.io.socket('/short'), TYPES))
    const all = [ann, second, third]
    for (const socket of all) await welcome(socket)
    const others = await Promise.all(['/room', '/other', '/short'].map(corridor.speaker))
    for (const [index, other] of others.entries()) await other.say(`${index} before`)
    for (const [index, socket] of all.entries()) await hears(socket, `${index} before`)
    await corridor.lose(...all)
    await others[0]?.say('0 away')
    await others[2]?.say('a', 'b', 'c', 'd', 'e', 'f')
    corridor.cable.plug()
    for (const socket of all) await connected(socket, 2)
    await hears(ann, '0 away')
    await hears(third, 'f')
    expect(all.map(({ connects }) => connects.at(-1))).toEqual([true, true, false])
    expect(ann.all('said')).toEqual(['0 before', '0 away'])
    expect(second.all('said')).toEqual(['1 before'])
    expect(third.all('said')).toEqual(['2 before', 'e', 'f'])
  })

  it('a raw room is never recovered, whatever texts it sends', async () => {
    const ann = corridor.open('/echo', transport)
    await connected(ann, 1)
    ann.socket.emit('message', 'a text that is no offset')
    await ann.next('message')
    await corridor.lose(ann)
    corridor.cable.plug()
    await connected(ann, 2)
    ann.socket.emit('message', 'again')
    expect(await ann.next('message')).toEqual(['again'])
    expect(ann.connects).toEqual([false, false])
  })

  it('over a restart on the same data, it resumes in the new process', async () => {
    const ann = corridor.open('/room', transport)
    const before = await corridor.speaker('/room')
    await welcome(ann)
    await before.say('1')
    await hears(ann, '1')
    await corridor.restart()
    const after = await corridor.speaker('/room')
    await after.say('2')
    corridor.cable.plug(corridor.server.port)
    await connected(ann, 2)
    await hears(ann, '2')
    expect(ann.connects).toEqual([false, true])
    expect(ann.all('said')).toEqual(['1', '2'])
  })

  it('a server that has kept nothing gives what a newcomer gets', async () => {
    const ann = corridor.open('/room', transport)
    await welcome(ann)
    await corridor.restart({ forgets: true })
    corridor.cable.plug(corridor.server.port)
    await connected(ann, 2)
    expect(await welcome(ann)).toMatchObject({ resumed: false, reason: 'epoch' })
    expect(ann.connects).toEqual([false, false])
  })
})
