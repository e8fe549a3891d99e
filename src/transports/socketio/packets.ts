/**
 * Frames as packets of Socket.IO (protocol 5, and 4 of version 2): an event, or the answer to a message that asked for
 * one. A packet is the same for every peer of a namespace, so that it is made once; `namespace-encoding.ts` makes
 * WebSocket frames of it.
 */
import type { Frame } from '../../delivery/frame.ts'
import type { CloseReason } from '../../errors.ts'

const EVENT = '2'
const ACK = '3'
const BINARY_EVENT = '5'
/** The packet type of Engine.IO that carries those of Socket.IO. */
export const MESSAGE = '4'

/** The text of a packet, then its bytes, if it has any. */
export type Packets = readonly (string | Uint8Array)[]

export class PacketMaker {
  readonly #namespace: string
  readonly #offset: ((seq: number) => string) | undefined

  /** `offset`: the offset of a seq in the room's log; a raw room has none. */
  constructor(namespace: string, offset?: (seq: number) => string) {
    this.#namespace = namespace === '/' ? '' : `${namespace},`
    this.#offset = offset
  }

  of(frame: Frame): Packets {
    const { type, data, answer } = frame
    if (type === undefined) return this.#message(data)
    if (typeof data !== 'string') return []
    if (answer?.ref !== undefined) return [this.ack(answer.ref, answerText(frame, data))]
    // Nobody asked for it.
    if (type === 'ack') return []
    return [this.#event(frame, type, data)]
  }

  /** The answer to the message of a number; `json`: its only argument. */
  ack(ref: number, json: string): string {
    return `${ACK}${this.#namespace}${ref}[${json}]`
  }

  /** The last event of a peer that is ended. `after`: as for `error`. */
  closed({ code, reason }: CloseReason, after?: number): string {
    return this.error(JSON.stringify({ code: 'closed', message: reason, close: code }), after)
  }

  /**
   * An error that no room has sent. `after`: the seq of the kept event that it comes after, if the peer has joined. A
   * client that keeps the last argument of every event as its offset would lose it otherwise.
   */
  error(json: string, after?: number): string {
    return `${EVENT}${this.#namespace}["error",${json},{}${after === undefined ? '' : this.#offsetOf(after)}]`
  }

  #event({ seq, time, after, answer }: Frame, type: string, data: string): string {
    const meta =
      seq > 0
        ? `{"seq":${seq},"time":${time}}`
        : answer?.id === undefined
          ? '{}'
          : `{"id":${JSON.stringify(answer.id)}}`
    return `${EVENT}${this.#namespace}[${JSON.stringify(type)},${data},${meta}${this.#offsetOf(seq || after)}]`
  }

  /** As a further argument. */
  #offsetOf(seq: number): string {
    return this.#offset ? `,"${this.#offset(seq)}"` : ''
  }

  #message(data: string | Uint8Array): Packets {
    if (typeof data === 'string') return [`${EVENT}${this.#namespace}["message",${JSON.stringify(data)}]`]
    return [`${BINARY_EVENT}1-${this.#namespace}["message",{"_placeholder":true,"num":0}]`, data]
  }
}

function answerText({ type, answer }: Frame, data: string): string {
  const { seq, kept, duplicate } = answer ?? {}
  if (type === 'error') return `{"ok":false,${duplicate ? '"duplicate":true,' : ''}${data.slice(1)}`
  return JSON.stringify({ ok: true, seq, kept, ...(duplicate && { duplicate }) })
}
