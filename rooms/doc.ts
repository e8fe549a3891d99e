/**
 * Doc: a shared document of Yjs for stock providers: `new WebsocketProvider('ws://host/doc', 'name', doc)` of y-websocket.
 * Raw: its messages are those of y-protocols, changes of the document (sync) and who is there (awareness). A change is
 * stored before others get it. A bad message ends its sender with 4400, a change that makes the document too large with
 * 4413: its provider then stays away. After 4503 it comes back, and both sides send what the other one lacks.
 */
import { binary, defineRoom, type RawPeer, RoomError } from 'corridor'
import { createDecoder, type Decoder, readVarUint, readVarUint8Array } from 'lib0/decoding'
import { createEncoder, type Encoder, toUint8Array, writeVarUint, writeVarUint8Array } from 'lib0/encoding'
import * as sync from 'y-protocols/sync'
import { PeerStates } from './doc/peer-states.ts'
import { StoredDoc } from './doc/stored-doc.ts'

/** Kinds of messages. */
const KIND = { sync: 0, awareness: 1, queryAwareness: 3 }
/** Providers take 30 s of silence for a lost connection. */
const KEEP_ALIVE_MS = 15_000
/** Questions of a peer in a second: each is answered with the document. A provider asks when it connects. */
const MAX_QUESTIONS = 5

type DocPeer = RawPeer<{ questions: number }>

export default defineRoom({
  summary: { en: 'A shared document for y-websocket.', zh: '用 y-websocket 连接的共享文档。' },
  stores: { 'change/': binary },
  data: () => ({ questions: 0 }),

  open(room) {
    const doc = new StoredDoc(room.storage)
    const states = new PeerStates<DocPeer>((update) => room.broadcast(awareness(update)))
    const question = () => message(KIND.sync, (to) => sync.writeSyncStep1(to, doc.current))

    const greet = (peer: DocPeer) => {
      peer.send(question())
      peer.send(awareness(states.all))
    }
    const forget = (peer: DocPeer) => states.remove(peer)

    const receive = (peer: DocPeer, from: Decoder) => {
      const kind = readVarUint(from)
      if (kind === KIND.queryAwareness) return peer.send(awareness(states.all))
      if (kind === KIND.awareness) return states.apply(peer, readVarUint8Array(from))
      const step = readVarUint(from)
      if (kind !== KIND.sync || step > sync.messageYjsUpdate) throw new TypeError('expected a message of y-websocket')
      const bytes = readVarUint8Array(from)
      if (step === sync.messageYjsSyncStep1) {
        peer.data.questions += 1
        if (peer.data.questions > MAX_QUESTIONS) throw new RangeError('expected fewer questions')
        return peer.send(message(KIND.sync, (to) => sync.writeSyncStep2(to, doc.current, bytes)))
      }
      const { changes, isMissing } = doc.apply(bytes)
      for (const change of changes) {
        room.broadcast(
          message(KIND.sync, (to) => sync.writeUpdate(to, change)),
          { except: peer },
        )
      }
      // It stands on changes that came by another way, or were not kept: the sender has them.
      if (isMissing) peer.send(question())
    }

    room.every(KEEP_ALIVE_MS, () => room.broadcast(awareness(states.none)))
    room.every(1000, () => {
      for (const { data } of room.peers()) data.questions = 0
      if (doc.isKept) return
      doc.reload()
      for (const peer of room.peers()) peer.close(4503, 'a change was not kept, come back')
    })

    return {
      join: greet,
      drop: forget,
      rejoin: greet,
      leave: forget,
      message(peer, data) {
        try {
          if (typeof data === 'string') throw new TypeError('expected bytes, got text')
          receive(peer, createDecoder(data))
        } catch (error) {
          const isFull = error instanceof RoomError && error.code === 'document_full'
          // Not the sender's fault.
          if (error instanceof RoomError && !isFull) throw error
          peer.close(isFull ? 4413 : 4400, error instanceof Error ? error.message : 'bad message')
        }
      },
    }
  },
})

function awareness(update: Uint8Array): Uint8Array {
  return message(KIND.awareness, (to) => writeVarUint8Array(to, update))
}

function message(kind: number, write: (to: Encoder) => void): Uint8Array {
  const to = createEncoder()
  writeVarUint(to, kind)
  write(to)
  return toUint8Array(to)
}
