/** A stock client that resumes by itself is admitted like any other: a token that has ended, or a ban, keep it out. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../../src/define.ts'
import { connected, hears, openCutOff, SAYINGS, welcome } from '../../support/cut-off.ts'
import { inSeconds, SECRET, sign } from '../../support/tokens.ts'

const banned = new Set<string>()
const bans = defineRoom({
  receives: { say: z.string() },
  sends: { said: z.string() },
  admit(_claims, { query }) {
    if (banned.has(query.get('name') ?? '')) throw new RoomError('banned', 'you may not enter')
  },
  open: (room) => ({ receive: { say: (_, text) => room.publish('said', text) } }),
})
const corridor = openCutOff({
  '/locked': { definition: SAYINGS, auth: { secret: SECRET, required: true } },
  '/bans': { definition: bans },
})

afterEach(() => banned.clear())

const speak = async (path: string, text: string, token?: string) => {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  const body = JSON.stringify({ type: 'say', data: text })
  expect((await fetch(`${corridor.server.url}${path}`, { method: 'POST', headers, body })).status).toBe(204)
}

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  it('a new token is asked of `auth` as a function, and resumes', async () => {
    const asked: string[] = []
    const auth = async (give: (data: object) => void) => {
      const token = await sign({ sub: 'ann' })
      asked.push(token)
      give({ token })
    }
    const ann = corridor.open('/locked', transport, { auth })
    expect((await welcome(ann)).you).toMatchObject({ id: 'ann', name: 'ann' })
    await corridor.lose(ann)
    await speak('/locked', 'missed', await sign({ sub: 'bob' }))
    corridor.cable.plug()
    await connected(ann, 2)
    await hears(ann, 'missed')
    expect(ann.connects).toEqual([false, true])
    expect(asked).toHaveLength(2)
  })

  it('a token that has ended meanwhile does not', async () => {
    const tokens = [await sign({ sub: 'ann' }), await sign({ sub: 'ann', exp: inSeconds(-3600) })]
    const auth = (give: (data: object) => void) => give({ token: tokens.shift() })
    const ann = corridor.open('/locked', transport, { auth })
    await welcome(ann)
    await corridor.lose(ann)
    await speak('/locked', 'secret', await sign({ sub: 'bob' }))
    corridor.cable.plug()
    const refusal = () => ann.errors.find((error) => error)
    await ann.until(() => Boolean(refusal()), 'the refusal')
    expect(refusal()).toMatchObject({ code: 'token_expired', status: 401 })
    expect(ann.all('said')).toEqual([])
    expect(ann.connects).toEqual([false])
  })

  it('who was banned meanwhile does not', async () => {
    const ann = corridor.open('/bans', transport, { auth: { name: 'ann' } })
    await welcome(ann)
    await corridor.lose(ann)
    banned.add('ann')
    await speak('/bans', 'secret')
    corridor.cable.plug()
    const refusal = () => ann.errors.find((error) => error)
    await ann.until(() => Boolean(refusal()), 'the refusal')
    expect(refusal()).toMatchObject({ code: 'banned', status: 403 })
    expect(ann.all('said')).toEqual([])
  })
})
