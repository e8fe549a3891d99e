/** What messages that come together must do, over each wire that has a way to say them so; `same-room.ts` runs it. */
import { describe, expect, it } from 'vitest'
import type { Play } from './same-room.ts'
import type { Said, Sender } from './senders.ts'

export function batchTests(now: () => Play & { ann: Sender }): void {
  const sayAll = (...messages: Said[]) => now().ann.sayAll?.(messages)
  const say = (data: string, id?: string): Said => ({ type: 'say', data, ...(id && { id }) })

  describe('that messages come to together', () => {
    it('keeps all of them, with nothing between', async () => {
      const { stage, heard, kept, sender, handled } = now()
      const waiting = (await sender('ben')).say('slow', 'of ben')
      await handled('of ben')
      // What another waits for happens in the midst of it.
      stage.onSay = () => stage.open()
      expect(await sayAll(say('a'), { type: 'note', data: 'n' }, { type: 'quick', data: 'b' }, say('c'))).toBe('kept')
      expect(await waiting).toBe('kept')
      expect(stage.handled).toEqual(['of ben', 'a', 'n', 'b', 'c'])
      const all = await kept()
      expect(all.filter((text) => text !== 'of ben')).toEqual(['a', 'b', 'c'])
      expect([all.indexOf('of ben') === 0, all.indexOf('of ben') === 3]).toContain(true)
      expect([await heard(), await heard(), await heard(), await heard()]).toEqual(all)
    })

    it.each([
      ['one is not what the schema expects', { type: 'say', data: 1 }, 'invalid'],
      ['one has no handler', { type: 'unknown', data: 1 }, 'unknown_type'],
      ['one throws', { type: 'throw', data: { how: 'an error with a code', isAsync: false } }, 'mine'],
      ['one rejects', { type: 'throw', data: { how: 'an error with a code', isAsync: true } }, 'mine'],
      ['one awaits', { type: 'slow', data: 'b' }, 'async_in_batch'],
      ['one gives a promise of another make', { type: 'thenable', data: 'b' }, 'async_in_batch'],
    ])('keeps nothing where %s', async (_, wrong, code) => {
      const { stage, ann, kept } = now()
      expect(await sayAll(say('a', 'a'), wrong, say('c', 'c'))).toBe(code)
      stage.open()
      // Nothing of it was kept, so it may be sent again.
      expect(await sayAll(say('a', 'a'), say('c', 'c'))).toBe('kept')
      expect(await ann.say('say', 'd')).toBe('kept')
      expect(await kept()).toEqual(['a', 'c', 'd'])
    })

    it('gives an error to a handler that went on after its batch failed', async () => {
      const { stage, kept } = now()
      expect(await sayAll(say('a'), { type: 'slow', data: 'b' })).toBe('async_in_batch')
      stage.open()
      await expect.poll(() => stage.published.length).toBe(2)
      expect(await Promise.all(stage.published)).toEqual(['unavailable', 'unavailable'])
      expect(await kept()).toEqual([])
    })

    it('lets one await that comes alone', async () => {
      const { stage, handled, kept } = now()
      const answer = sayAll({ type: 'slow', data: 'a' })
      await handled('a')
      stage.open()
      expect(await answer).toBe('kept')
      expect(await kept()).toEqual(['a'])
    })

    it('handles a batch that is sent again under its ids once', async () => {
      const { stage, kept } = now()
      const all = [say('a', '1'), say('b', '2'), say('a', '1')]
      expect(await sayAll(...all)).toBe('kept')
      expect(await sayAll(...all)).toBe('kept')
      expect(await sayAll(say('b', '2'), say('c', '3'))).toBe('kept')
      expect(stage.handled).toEqual(['a', 'b', 'c'])
      expect(await kept()).toEqual(['a', 'b', 'c'])
    })

    it.each(['timer', 'loose'])('keeps what their handlers begin and do not wait for (%s)', async (type) => {
      const { stage, heard, kept } = now()
      expect(await sayAll({ type, data: 't' }, say('a'))).toBe('kept')
      stage.open()
      expect([await heard(), await heard()].toSorted()).toEqual(['a', 't'])
      expect(await Promise.all(stage.published)).toMatchObject([
        { seq: expect.any(Number) },
        { seq: expect.any(Number) },
      ])
      expect((await kept()).toSorted()).toEqual(['a', 't'])
    })
  })
}
