/** The messages of y-websocket, made and read by hand, and updates of Yjs as typing makes them. */
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding'
import { createEncoder, toUint8Array, writeVarUint, writeVarUint8Array } from 'lib0/encoding'
import * as Y from 'yjs'

/** `[0, 0, vector]`: asks for what is missing. `[0, 1, update]`: the answer. `[0, 2, update]`: a change. `[1, bytes]`: awareness. */
export function message(...parts: (number | Uint8Array)[]): Uint8Array {
  const to = createEncoder()
  for (const part of parts) typeof part === 'number' ? writeVarUint(to, part) : writeVarUint8Array(to, part)
  return toUint8Array(to)
}

/** Asks for everything. */
export const askAll = () => message(0, 0, Y.encodeStateVector(new Y.Doc()))

/** The kind of a message, its step if it is of the sync protocol, and its bytes. */
export function parsed(data: string | Uint8Array) {
  if (typeof data === 'string') throw new TypeError(`expected bytes, got ${data}`)
  const from = createDecoder(data)
  const kind = readVarUint(from)
  return { kind, step: kind === 0 ? readVarUint(from) : undefined, bytes: readVarUint8Array(from) }
}

/** The updates of one client that types letter by letter. */
export function typed(text: string): Uint8Array[] {
  const updates: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => void updates.push(update))
  for (const [index, letter] of [...text].entries()) doc.getText('text').insert(index, letter)
  return updates
}

/** The update of a client that pastes a text. */
export function pasted(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

/** The text of a document that got these updates. */
export function textOf(...updates: Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('text').toString()
}
