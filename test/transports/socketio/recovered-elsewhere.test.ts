/**
 * A client that was told at its connect that it is recovered, since the node that has its room said so, and whose room has
 * moved or forgotten since: it is told anew, and hears nothing that contradicts `socket.recovered`.
 */
import { expect, it } from 'vitest'
import { Frame, json } from '../../../src/delivery/frame.ts'
import type { Connection } from '../../../src/transports/socketio/connection.ts'
import { NamespaceEncoding } from '../../../src/transports/socketio/namespace-encoding.ts'
import { NamespaceWire } from '../../../src/transports/socketio/namespace-wire.ts'
import { PacketMaker } from '../../../src/transports/socketio/packets.ts'
import { madeUpMount } from '../../support/coupled-edge.ts'

class Wire extends NamespaceWire {
  protected override disconnect(): void {}
  protected override closed(): void {}
}

function told(isRecovered: boolean) {
  const sent: string[] = []
  let isEnded = false
  const connection = {
    send: (_: unknown, packets: () => string[]) => sent.push(...packets()),
    end() {
      isEnded = true
    },
  } as unknown as Connection
  const encoding = new NamespaceEncoding('/room', new PacketMaker('/room', String), false)
  const wire = new Wire(connection, encoding, madeUpMount({ sends: {} }).limits)
  wire.isRecovered = isRecovered
  const send = (...frames: Frame[]) => wire.send('', frames)
  return { send, types: () => sent.map((packet) => /\["(\w+)"/.exec(packet)?.[1]), isEnded: () => isEnded }
}

const welcome = (resumed?: boolean) => new Frame('welcome', json({ room: '/room', resumed }))
const said = new Frame('said', '1', 1, 1)

it.each([
  ['recovered, and it is so', true, true, ['welcome', 'said'], false],
  ['recovered, and it is not so', true, false, ['error'], true],
  ['nothing of the kind', false, false, ['welcome', 'said'], false],
])('a client that was told %s', (_, isRecovered, resumed, types, isEnded) => {
  const client = told(isRecovered)
  client.send(welcome(resumed), said)
  expect([client.types(), client.isEnded()]).toEqual([types, isEnded])
})

it('is not asked of a second welcome, when its room has moved', () => {
  const client = told(true)
  client.send(welcome(true))
  client.send(welcome(false), said)
  expect([client.types(), client.isEnded()]).toEqual([['welcome', 'welcome', 'said'], false])
})
