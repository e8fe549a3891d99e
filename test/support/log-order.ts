/** In which order every log must end the entries of a room; `logs.ts` runs it with the rest. */
import { describe, expect, it } from 'vitest'
import type { Draft } from '../../src/log/log.ts'
import { draft, type LogFactory, LogUnderTest, RETENTION } from './log-under-test.ts'
import { PATIENCE_MS } from './patience.ts'

export function describeOrder(name: string, factory: () => LogFactory): void {
  describe(`the order of the ${name} log`, () => {
    const tested = new LogUnderTest(factory)

    it('is that in which entries came, also of one that comes while another is ended', async () => {
      const room = await (await tested.log()).open('/room', RETENTION)
      const came: string[] = []
      const ended: string[] = []
      const add = (entry: string, drafts: Draft[], then = () => {}) => {
        came.push(entry)
        const kept = () => {
          ended.push(entry)
          then()
        }
        room.append({ drafts, keys: [], changes: undefined, size: 0, kept, failed() {} })
      }
      add('to keep', [draft('a')], () => add('in between', []))
      for (const entry of ['follows', 'follows, too']) add(entry, [])
      await expect.poll(() => ended.length, { timeout: PATIENCE_MS }).toBe(4)
      expect(ended).toEqual(came)
    })
  })
}
