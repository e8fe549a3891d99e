/**
 * WebSocket frames as bytes (RFC 6455, 5.2), made by hand so that they can be wrong in any way, and read by hand so that
 * no library mends what came. `bare-peer.ts` sends and reads them.
 */

export const Op = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** The mask of the examples in RFC 6455, 5.7. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

export interface FrameParts {
  opcode: number
  payload?: string | Uint8Array
  /** Default: the frame ends its message. */
  isFinal?: boolean
  /** The three reserved bits, 0 to 7. */
  rsv?: number
  /** `undefined`: not masked, as a server's frames are. */
  mask?: Uint8Array | undefined
  /** What the head declares, whatever the payload is. */
  length?: bigint
  /** The least bits in which the length is written: 7, 16 or 64; more than it needs is not minimal. */
  lengthBits?: 7 | 16 | 64
}

/** A masked frame, as a client's are. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  parts: Omit<FrameParts, 'opcode'> = {},
): Buffer {
  return frameOf({ mask: MASK, ...parts, opcode, payload })
}

export function frameOf({
  opcode,
  payload = '',
  isFinal = true,
  rsv = 0,
  mask,
  length,
  lengthBits = 7,
}: FrameParts): Buffer {
  const body = Buffer.from(payload as Uint8Array)
  const said = length ?? BigInt(body.length)
  const head = Buffer.alloc(14)
  head[0] = (isFinal ? 0x80 : 0) | (rsv << 4) | opcode
  let at = 2
  if (said > 0xffffn || lengthBits === 64) {
    head[1] = 127
    head.writeBigUInt64BE(said, 2)
    at = 10
  } else if (said > 125n || lengthBits === 16) {
    head[1] = 126
    head.writeUInt16BE(Number(said), 2)
    at = 4
  } else head[1] = Number(said)
  if (!mask) return Buffer.concat([head.subarray(0, at), body])
  head[1] = (head[1] ?? 0) | 0x80
  head.set(mask, at)
  for (let index = 0; index < body.length; index += 1) body[index] = (body[index] ?? 0) ^ (mask[index & 3] ?? 0)
  return Buffer.concat([head.subarray(0, at + 4), body])
}

/** A close frame; without a code its payload is empty. */
export function closeFrame(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return frame(Op.close)
  return frame(Op.close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as Uint8Array)]))
}

/** A message in fragments: `continuation` frames follow the first. */
export function fragmented(opcode: number, pieces: readonly (string | Uint8Array)[], isEnded = true): Buffer[] {
  return pieces.map((piece, index) =>
    frame(index === 0 ? opcode : Op.continuation, piece, { isFinal: isEnded && index === pieces.length - 1 }),
  )
}

/** What a server said: a whole message, put together from its fragments, or a control frame. */
export interface Received {
  readonly opcode: number
  readonly payload: Buffer
}

/** Parses bytes into messages. Throws if they are no frames of a server. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)
  #message: { opcode: number; pieces: Buffer[] } | undefined

  read(chunk: Buffer): Received[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const received: Received[] = []
    for (;;) {
      const next = this.#next()
      if (!next) return received
      const whole = this.#whole(next.head, next.payload)
      if (whole) received.push(whole)
    }
  }

  #next(): { head: number; payload: Buffer } | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const [head = 0, short = 0] = bytes
    if (short & 0x80) throw new Error('a frame of the server is masked')
    const start = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length < start) return undefined
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
    if (bytes.length < start + length) return undefined
    this.#bytes = bytes.subarray(start + length)
    return { head, payload: bytes.subarray(start, start + length) }
  }

  #whole(head: number, payload: Buffer): Received | undefined {
    const opcode = head & 0xf
    const isFinal = (head & 0x80) !== 0
    if (head & 0x30) throw new Error(`a frame of the server has reserved bits: ${head.toString(2)}`)
    if (opcode >= 8) {
      if (!isFinal || payload.length > 125) throw new Error('a control frame of the server is in pieces or too long')
      return { opcode, payload }
    }
    if ((opcode === Op.continuation) !== (this.#message !== undefined)) {
      throw new Error(`a frame of the server with opcode ${opcode} is out of place`)
    }
    this.#message ??= { opcode, pieces: [] }
    this.#message.pieces.push(payload)
    if (!isFinal) return undefined
    const { opcode: first, pieces } = this.#message
    this.#message = undefined
    return { opcode: first, payload: Buffer.concat(pieces) }
  }
}

/** The code in a close frame; `undefined`: it has none. */
export function codeOf({ payload }: Received): number | undefined {
  return payload.length >= 2 ? payload.readUInt16BE(0) : undefined
}
