/** The upgrade handler alone: no error in it ends the process or leaves a count too high. */
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/errors.ts'
import type { Admission } from '../../src/gate/admission.ts'
import type { Caller } from '../../src/gate/caller.ts'
import type { Gate } from '../../src/gate/gate.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import type { Refusals } from '../../src/transports/refusals.ts'
import { upgradeHandler } from '../../src/transports/websocket/upgrade.ts'
import type { WebSocketUpgrades } from '../../src/transports/websocket/websocket.ts'

const request = { headers: {} } as IncomingMessage
const broken = () => {
  throw new Error('a mistake of ours')
}

/** Takes a socket through the handler. → what became of it, and how often each count was given back */
async function take(
  admit: (admission: Admission) => Admission | Promise<Admission>,
  open: () => boolean,
  isOpen = true,
) {
  const back = { released: 0, left: 0 }
  const admission = {
    route: { mount: {} },
    room: { isClosed: !isOpen },
    release() {
      back.released += 1
    },
    leave() {
      back.left += 1
    },
  } as unknown as Admission
  const sockets = new Set<PassThrough>()
  const errors: unknown[] = []
  const refusals = {
    of(error: unknown) {
      errors.push(error)
      return error instanceof Refusal ? error : new Refusal(500, 'internal', 'the server failed')
    },
  } as unknown as Refusals
  const socket = new PassThrough()
  let written = ''
  socket.on('data', (chunk) => {
    written += chunk
  })
  const gate = { admit: () => admit(admission) } as unknown as Gate
  upgradeHandler({
    clock: handClock(),
    gate,
    callerOf: () => ({}) as Caller,
    upgrades: { of: () => ({ open }) as unknown as WebSocketUpgrades },
    sockets: sockets as never,
    refusals,
  })(request, socket, Buffer.alloc(0))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  return { ...back, errors, isWatched: sockets.has(socket), written, isCorked: socket.writableCorked > 0 }
}

describe.each([
  ['at once', (admission: Admission) => admission],
  ['after a while', (admission: Admission) => Promise.resolve(admission)],
])('an upgrade admitted %s', (_, admit) => {
  it('is in, and keeps what was counted', async () => {
    const taken = await take(admit, () => true)
    expect(taken).toMatchObject({ released: 1, left: 0, errors: [], isWatched: true, isCorked: false })
  })

  it('that ws refuses gives all back', async () => {
    expect(await take(admit, () => false)).toMatchObject({ released: 1, left: 1, isWatched: false, isCorked: false })
  })

  it('whose joining throws gives all back, and is answered', async () => {
    const taken = await take(admit, broken)
    expect(taken).toMatchObject({ released: 1, left: 1, isWatched: false })
    expect(taken.errors).toHaveLength(1)
    expect(taken.written).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('to a room that has just closed gives all back, and is answered', async () => {
    const taken = await take(admit, () => true, false)
    expect(taken).toMatchObject({ released: 1, left: 1, isWatched: false })
    expect(taken.written).toMatch(/^HTTP\/1\.1 503 /)
  })
})

it.each([
  ['at once', broken],
  ['after a while', () => Promise.resolve().then(broken)],
])('a gate that fails %s is answered', async (_, admit) => {
  const taken = await take(admit as () => never, () => true)
  expect(taken).toMatchObject({ released: 0, left: 0, isWatched: false })
  expect(taken.written).toMatch(/^HTTP\/1\.1 500 /)
})
