/** The ids of guests are made with the log's key, which a log may learn after the start. */
import { describe, expect, it } from 'vitest'
import { RoomError } from '../../src/errors.ts'
import { GuestIds } from '../../src/gate/guest-ids.ts'
import { systemRandom } from '../../src/random.ts'

describe('the ids of guests', () => {
  it('are refused as "not now" while the log does not know its key, and are made with it from then on', () => {
    let key: Uint8Array | undefined
    const log = {
      get key() {
        if (!key) throw new RoomError('unavailable', 'the log was not reached yet')
        return key
      },
    }
    const idOf = new GuestIds(log, systemRandom()).in('/room')
    expect(() => idOf('ann')).toThrow(
      expect.objectContaining({ status: 503, code: 'unavailable', headers: { 'Retry-After': '1' } }),
    )
    expect(idOf(undefined)).not.toBe(idOf(undefined))
    key = Buffer.alloc(32, 1)
    const id = idOf('ann')
    expect(idOf('ann')).toBe(id)
    expect(new GuestIds({ key }, systemRandom()).in('/room')('ann')).toBe(id)
    expect(new GuestIds({ key: Buffer.alloc(32, 2) }, systemRandom()).in('/room')('ann')).not.toBe(id)
  })
})
