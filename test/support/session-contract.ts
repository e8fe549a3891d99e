/**
 * What every session must do, whatever room it leads to and wherever that is: each call in its place, and every call after
 * the end. `session.test.ts` runs it over both kinds of room, with a wire made by hand.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../src/room/session.ts'
import type { NotingWire } from './noting-wire.ts'
import { type Dice, seeded } from './random.ts'
import { REJOIN_MS, type SessionStage } from './session-stage.ts'

type Joined = ReturnType<SessionStage['join']>

const KICKED = { code: 4003, reason: 'kicked' }

/** `isElsewhere`: the room is on another node, which flushes what it sends by itself. */
export function testSession(name: string, open: () => Promise<SessionStage>, { isElsewhere = false } = {}): void {
  describe(`a session of ${name}`, () => {
    let stage: SessionStage
    beforeEach(async () => {
      stage = await open()
    })

    const say = ({ session }: Joined, text: string) => session.receive(stage.message(text))
    const heard = ({ wire }: { wire: NotingWire }) => wire.notes.filter((note) => note.startsWith('said'))

    /** Every call, on a session that is over: whatever they did would show. */
    function everyCall(session: Session): void {
      session.receive(stage.message('over'))
      session.flush()
      session.cutSlow('limits.sendTimeout')
      session.end(KICKED)
      session.gone(true)
      session.gone(false)
    }

    /** A closed session ended, notified and changed nobody. */
    async function isVoid(over: Joined, others: readonly Joined[]): Promise<void> {
      await stage.pass()
      const before = JSON.stringify([stage.calls, stage.size(), over.wire, others.map(({ wire }) => wire)])
      everyCall(over.session)
      await stage.pass()
      expect(JSON.stringify([stage.calls, stage.size(), over.wire, others.map(({ wire }) => wire)])).toBe(before)
      for (const { wire } of [over, ...others]) expect(wire.mistakes).toEqual([])
    }

    it('hands in what comes, in order, and returns nothing', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      expect(say(ann, 'one')).toBe(undefined)
      say(ben, 'two')
      say(ann, 'three')
      await stage.pass()
      const said = ['said ann: one', 'said ben: two', 'said ann: three']
      expect([heard(ann), heard(ben)]).toEqual([said, said])
      expect(stage.calls.slice(2)).toEqual(['heard ann one', 'heard ben two', 'heard ann three'])
    })

    it('outlives what the author throws', async () => {
      const ann = stage.join('ann')
      say(ann, 'throw')
      say(ann, 'more')
      await stage.pass()
      expect(heard(ann)).toEqual(['said ann: more'])
    })

    it('is over when the connection was closed: its peer leaves', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      ann.session.gone(false)
      expect(stage.size()).toBe(1)
      await stage.pass()
      expect(stage.calls).toEqual(['join ann', 'join ben', 'leave ann'])
      say(ben, 'alone')
      await stage.pass()
      expect([heard(ann), heard(ben)]).toEqual([[], ['said ben: alone']])
      await isVoid(ann, [ben])
    })

    it('is over when the connection was lost: its peer is waited for, and leaves in the end', async () => {
      const ann = stage.join('ann')
      ann.session.gone(true)
      await isVoid(ann, [])
      expect([stage.size(), stage.calls.at(-1)]).toEqual([1, 'drop ann'])
      await stage.pass(REJOIN_MS)
      expect([stage.size(), stage.calls.at(-1)]).toEqual([0, 'leave ann'])
      await isVoid(ann, [])
    })

    it('of one that cannot be known again waits for nobody', async () => {
      stage.join('ann', true).session.gone(true)
      await stage.pass()
      expect([stage.size(), stage.calls]).toEqual([0, ['join ann', 'leave ann']])
    })

    it('is another one for a member that is back, and the first is over', async () => {
      const lost = stage.join('ann')
      lost.session.gone(true)
      const back = stage.join('ann')
      await isVoid(lost, [back])
      say(back, 'here again')
      await stage.pass()
      expect(stage.calls).toEqual(['join ann', 'drop ann', 'rejoin ann', 'heard ann here again'])
      expect([heard(lost), heard(back)]).toEqual([[], ['said ann: here again']])
    })

    it('is over when the same client comes over another connection', async () => {
      const one = stage.join('ann')
      say(one, 'one')
      const two = stage.join('ann')
      await stage.pass()
      expect(one.wire.notes.at(-1)).toBe('close 1008')
      await isVoid(one, [two])
      say(two, 'two')
      await stage.pass()
      expect(stage.calls).toEqual(['join ann', 'heard ann one', 'rejoin ann', 'heard ann two'])
      expect([stage.size(), two.wire.isClosed]).toEqual([1, false])
    })

    it('ends a membership at once, after earlier messages', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      await stage.pass()
      say(ann, 'last words')
      ann.session.end(KICKED)
      expect(ann.wire.notes.at(-1)).toBe('close 4003')
      expect(stage.size()).toBe(1)
      say(ben, 'alone')
      await stage.pass()
      expect(heard(ann)).toEqual(['said ann: last words'])
      expect(stage.calls.slice(2)).toEqual(['heard ann last words', 'heard ben alone', 'leave ann'])
      await isVoid(ann, [ben])
    })

    it('is over when the author closes the peer, in the midst of a message too', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      say(ann, 'out')
      say(ann, 'not heard')
      await stage.pass()
      expect(ann.wire.notes.at(-1)).toBe('close 4001')
      expect(stage.calls.slice(2)).toEqual(['heard ann out', 'leave ann'])
      await isVoid(ann, [ben])
    })

    it('of a peer that does not take what is sent writes no more, and is ended to come back', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      ann.session.cutSlow('limits.sendTimeout')
      say(ben, 'not for ann')
      await stage.pass()
      expect(ann.wire.notes).toEqual(['close 1013'])
      expect(heard(ben)).toEqual(['said ben: not for ann'])
      expect(stage.calls.slice(2)).toEqual(['heard ben not for ann', 'drop ann'])
      await isVoid(ann, [ben])
      const back = stage.join('ann')
      await stage.pass()
      expect([stage.calls.at(-1), back.wire.isClosed]).toEqual(['rejoin ann', false])
    })

    it('writes what waits at once if flushed, each frame once', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      say(ben, 'one')
      if (isElsewhere) await stage.pass()
      ann.session.flush()
      expect(heard(ann)).toEqual(['said ben: one'])
      ann.session.flush()
      say(ben, 'two')
      await stage.pass()
      ann.session.flush()
      expect([heard(ann), heard(ben)]).toEqual([heard(ann), ['said ben: one', 'said ben: two']])
      expect(heard(ann)).toEqual(['said ben: one', 'said ben: two'])
    })

    it('is over when its room closes', async () => {
      const [ann, ben] = [stage.join('ann'), stage.join('ben')]
      await stage.close({ code: 1012, reason: 'restart' })
      expect([ann, ben].map(({ wire }) => wire.notes)).toEqual([['close 1012'], ['close 1012']])
      expect(stage.calls.slice(2)).toEqual(['leave ann', 'leave ben'])
      await isVoid(ann, [ben])
    })

    it.each([1, 2, 3, 4, 5, 6])('keeps all of that in any order (seed %i)', async (seed) => {
      const { said, unsaid, all } = await play(stage, seeded(seed))
      for (const { wire } of all) {
        expect(wire.mistakes).toEqual([])
        expect(wire.notes.filter((note) => note.startsWith('close')).length).toBeLessThanOrEqual(1)
      }
      const texts = stage.calls.filter((call) => call.startsWith('heard')).map((call) => call.split(' ')[2])
      expect(texts.filter((text) => unsaid.has(text ?? ''))).toEqual([])
      expect(texts).toEqual(said)
      expect(said.length).toBeGreaterThan(50)
      // A member joins, may be lost and found, and leaves.
      for (const life of stage.lives()) expect(life).toMatch(/^join( drop| rejoin)* leave$/)
      expect(stage.lives().length).toBeGreaterThan(20)
      expect(stage.size()).toBe(0)
    })
  })
}

const CLIENTS = ['ann', 'ben', 'cat']

/** Calls every method on old and new sessions. `said`: what must be delivered; `unsaid`: what must not. */
async function play(stage: SessionStage, random: Dice) {
  const all: Joined[] = []
  const current = new Map<string, Joined>()
  const said: string[] = []
  const unsaid = new Set<string>()
  const over = (joined: Joined) => {
    for (const [client, of] of current) if (of === joined) current.delete(client)
  }
  for (let step = 0; step < 600; step += 1) {
    const client = random.pick(CLIENTS)
    const any = all.length > 0 && random.oneIn(3) ? random.pick(all) : current.get(client)
    const dice = random.below(14)
    if (any === undefined || dice === 0) {
      const joined = stage.join(client)
      all.push(joined)
      current.set(client, joined)
    } else if (dice < 7) {
      const text = `m${step}`
      const isIn = [...current.values()].includes(any)
      any.session.receive(stage.message(text))
      if (isIn) said.push(text)
      else unsaid.add(text)
    } else if (dice === 7) any.session.flush()
    else if (dice === 8) {
      any.session.gone(random.oneIn(2))
      over(any)
    } else if (dice === 9) {
      any.session.end(KICKED)
      over(any)
    } else if (dice === 10) {
      any.session.cutSlow('limits.sendTimeout')
      // Until it is ended it may still send; here it waits for that.
      await stage.pass(0)
      over(any)
    } else await stage.pass(random.pick([0, 1000, 20_000]))
  }
  for (const { session } of current.values()) session.gone(true)
  await stage.pass(2 * REJOIN_MS)
  return { said, unsaid, all }
}
