/** A room that moves while its peers stay: what waits, what is answered, where each goes on, and who is sent away. */
import { beforeEach, describe, expect, it } from 'vitest'
import { RoomError } from '../../src/errors.ts'
import { offset } from '../../src/log/log.ts'
import { EDGE } from '../support/coupled-edge.ts'
import { edgeCluster } from '../support/edge-cluster.ts'
import { type ScriptedEdge, scriptedEdge } from '../support/scripted-edge.ts'
import { event, type ScriptedOwner } from '../support/scripted-owner.ts'

describe('a room that is handed over', () => {
  it.each([
    ['from another node', 'one'],
    ['from this node', EDGE],
  ] as const)('%s: what peers say meanwhile waits, and nothing is lost', async (_, from) => {
    const cluster = await edgeCluster()
    const { clock } = cluster
    if (from === EDGE) cluster.move(EDGE)
    const joining = Promise.all([cluster.join('ann'), cluster.join('ben')])
    await clock.advance(50)
    const [ann, ben] = await joining
    ann.say('1', 'before')
    await clock.advance(50)
    const moved = cluster.handOver('two')
    ann.say('2', 'while it moves')
    ann.say(undefined, 'without an id')
    await clock.advance(300)
    await moved
    await clock.advance(300)
    ben.say('3', 'after')
    await clock.advance(100)
    expect([cluster.at, ann.texts]).toEqual(['two', ['before', 'while it moves', 'without an id', 'after']])
    expect(ann.answersTo('2').map(({ type }) => type)).toEqual(['ack'])
    expect(ann.welcomes.map(({ resumed }) => resumed)).toEqual([undefined, true])
    for (const peer of [ann, ben]) peer.check(cluster.seq)
    expect(cluster.calls.filter((call) => call.startsWith('leave'))).toEqual([])
    expect(cluster.calls.slice(-2).sort()).toEqual(['join ann true', 'join ben true'])
  })

  it('and does not come up: what waits is answered in time', async () => {
    const cluster = await edgeCluster()
    const { clock, edge } = cluster
    const joining = cluster.join('ann')
    await clock.advance(50)
    const ann = await joining
    edge.link('one').holds.toEdge = true
    const { place } = edge.link('one').toOwner.find(({ op }) => op === 'attach') as { place: number }
    edge.link('one').holds.toEdge = false
    edge.link('one').send({ op: 'moving', place })
    expect(edge.link('one').toOwner.at(-1)).toEqual({ op: 'quiet', place })
    ann.say('1', 'waits')
    await clock.advance(4500)
    expect(ann.answersTo('1').map(({ data }) => JSON.parse(String(data)).code)).toEqual(['unavailable'])
    ann.say('2', 'waits too')
    // It is held for 5 s at most.
    await clock.advance(1000)
    expect(ann.texts).toEqual(['waits too'])
  })
})

describe('a peer whose room moves', () => {
  let fixture: ScriptedEdge
  let one: ScriptedOwner
  let two: ScriptedOwner
  const clock = () => fixture.clock

  beforeEach(() => {
    fixture = scriptedEdge()
    ;({ one, two } = fixture)
  })

  it.each([
    ['before its welcome', undefined, [], undefined, false],
    ['before its welcome, with an offset', '-1', [], '-1', false],
    ['before its replay', undefined, [3], undefined, false],
    ['before its replay, with an offset', offset('0'.repeat(32), 3), [3], offset('0'.repeat(32), 3), false],
    ['in its replay', undefined, [3, 4, 5], offset('1'.repeat(32), 5), true],
    ['with nothing to replay', undefined, [8], offset('1'.repeat(32), 8), true],
    ['that asked for what comes now', 'now', [8], offset('1'.repeat(32), 8), true],
    ['after a live event', undefined, [8, 9], offset('1'.repeat(32), 9), true],
  ] as const)('%s goes on where it is', async (_, at, [welcome, ...events], expected, isMoved) => {
    await fixture.join('ann', at)
    const { session } = one.brought[0] ?? { session: 0 }
    if (welcome !== undefined) one.say(session, one.welcome(welcome), ...events.map(event))
    await fixture.move()
    expect(two.brought).toMatchObject([{ session, offset: expected, isMoved }])
  })

  it('twice goes on where it was, if the second home has not welcomed it', async () => {
    await fixture.join('ann')
    const { session } = one.brought[0] ?? { session: 0 }
    one.say(session, one.welcome(8), event(9))
    two.seq = 20
    await fixture.move()
    fixture.edge.move({ at: 'there', node: 'one', term: 3 })
    two.link.cut()
    await clock().advance(200)
    expect(one.brought.at(-1)).toMatchObject({ session, offset: offset('1'.repeat(32), 9), isMoved: true })
  })

  it('goes on after what it read while others heard live events', async () => {
    const ann = await fixture.join('ann')
    const { session } = one.brought[0] ?? { session: 0 }
    one.say(session, one.welcome(8), event(9), event(10))
    one.enter(session)
    await clock().advance(50)
    const notKept = event(0)
    one.all(notKept)
    await clock().advance(50)
    expect(ann.heard.at(-1)?.after).toBe(10)
    await fixture.move()
    expect(two.brought[0]?.offset).toBe(offset('1'.repeat(32), 10))
  })

  it('is not brought if its connection has closed meanwhile', async () => {
    const ann = await fixture.join('ann')
    await fixture.join('ben')
    two.isOpen = false
    await fixture.move()
    expect(two.brought.map(({ visitor }) => visitor.name)).toEqual(['ann', 'ben'])
    ann.session.gone(false)
    two.attached()
    const { session } = two.brought[0] ?? { session: 0 }
    expect(two.of('gone')).toEqual([{ op: 'gone', place: two.place, session, isLost: true }])
  })

  it('is closed when its token ends, also between two homes', async () => {
    const ann = await fixture.join('ann', undefined, { untilMs: clock().now() + 2000 })
    fixture.edge.owners.delete('two')
    await fixture.move()
    await clock().advance(1500)
    expect(ann.closed).toBe(undefined)
    await clock().advance(500)
    expect(ann.closed?.reason).toBe('the token has expired')
  })

  it('is told to come back after 10 s without a home, and the operator why', async () => {
    const ann = await fixture.join('ann')
    fixture.edge.owners.delete('two')
    await fixture.move()
    await clock().advance(9500)
    expect([ann.closed, fixture.edge.warnings]).toEqual([undefined, []])
    await clock().advance(1000)
    expect(ann.closed?.code).toBe(1012)
    expect(fixture.edge.warnings).toEqual([{ room: '/room' }])
    expect(fixture.edge.doubts).toContain('two refused')
  })

  it('waits as long as nobody can say where the room is', async () => {
    const ann = await fixture.join('ann')
    fixture.edge.move(() => {
      throw new RoomError('unavailable', 'Redis is away')
    })
    fixture.edge.owners.clear()
    one.link.cut()
    await clock().advance(60_000)
    expect(ann.closed).toBe(undefined)
    fixture.edge.owners.set('two', two.accept)
    fixture.edge.move({ at: 'there', node: 'two', term: 2 })
    await clock().advance(2000)
    expect(two.brought).toHaveLength(1)
  })

  it('hears that what it said is not known, once', async () => {
    const ann = await fixture.join('ann')
    ann.say('1', 'a')
    ann.say('2', 'b', 'say', 7)
    ann.say(undefined, 'c', 'say', 8)
    const refs = one.of('receive').map(({ ref }) => ref)
    expect(refs.every((ref) => ref !== undefined && ref < 0)).toBe(true)
    await fixture.move()
    const errors = ann.heard.filter(({ type }) => type === 'error')
    expect(errors.map(({ answer }) => [answer?.id, answer?.ref])).toEqual([
      ['1', undefined],
      ['2', 7],
      [undefined, 8],
    ])
  })

  it('is answered in time by its edge where the owner is frozen, and not a second time', async () => {
    const cluster = await edgeCluster()
    const joining = cluster.join('ann')
    await cluster.clock.advance(50)
    const ann = await joining
    cluster.edge.link('one').holds.toEdge = true
    ann.say('1', 'a')
    await cluster.clock.advance(4499)
    expect(ann.answersTo('1')).toEqual([])
    await cluster.clock.advance(1)
    expect(ann.answersTo('1')).toHaveLength(1)
    cluster.edge.link('one').flow()
    ann.say('1', 'a')
    await cluster.clock.advance(100)
    expect(ann.answersTo('1').map(({ type, answer }) => [type, answer?.duplicate ?? false])).toEqual([
      ['error', false],
      ['ack', true],
    ])
    expect(ann.texts).toEqual(['a'])
  })

  it('that says too much while there is no home is told to come back', async () => {
    const ann = await fixture.join('ann')
    fixture.edge.owners.delete('two')
    await fixture.move()
    const large = 'x'.repeat(400 * 1024)
    ann.say('1', large)
    ann.say('2', large)
    expect(ann.closed).toBe(undefined)
    ann.say('3', large)
    expect(ann.closed?.code).toBe(1013)
  })

  it('of a raw room is closed, unless the room says that its peers stay', async () => {
    for (const [definition, code] of [[{}, 1012] as const, [{ moves: true }, undefined] as const]) {
      fixture = scriptedEdge(definition)
      ;({ one, two } = fixture)
      const ann = await fixture.join('ann')
      await fixture.move()
      expect(ann.closed?.code).toBe(code)
      expect(two.brought).toHaveLength(code ? 0 : 1)
      if (!code) expect(two.brought[0]).toMatchObject({ isMoved: true, offset: undefined })
    }
  })
})
