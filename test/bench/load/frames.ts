/**
 * Reads WebSocket frames as cheaply as JavaScript can: hops from head to head without touching the payload, but for the
 * byte that identifies a frame. All connections read into one area, since only one reads at a time.
 */

/** What the reader says of each frame; `at` is where its payload stands in the area, `have` how much of it is there. */
export interface FrameSink {
  frame(area: Buffer, opcode: number, at: number, length: number, have: number): void
}

/** A frame is reported once this many bytes of its payload are there; the rest may come with the next read. */
const PEEK = 40
/** Room before the area for a head that was cut off at the end of the last read. */
const SPACE = 64

export class ReadArea {
  readonly whole = Buffer.alloc(SPACE + 256 * 1024)
  /** Where sockets read to. */
  readonly open = this.whole.subarray(SPACE)
}

export class FrameReader {
  readonly #area: Buffer
  readonly #sink: FrameSink
  #skip = 0
  #cut: Buffer | undefined

  constructor(area: ReadArea, sink: FrameSink) {
    this.#area = area.whole
    this.#sink = sink
  }

  /** Takes `count` bytes that stand in the open area from `offset` on. */
  read(count: number, offset = 0): void {
    const area = this.#area
    const end = SPACE + offset + count
    let at = SPACE + offset
    if (this.#cut) {
      at -= this.#cut.copy(area, at - this.#cut.length)
      this.#cut = undefined
    }
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, end - at)
      this.#skip -= skipped
      at += skipped
    }
    while (at < end) {
      const have = end - at
      let length = have < 2 ? 0 : (area[at + 1] as number)
      const head = length < 126 ? 2 : length === 126 ? 4 : 10
      if (have < head) break
      if (head === 4) length = area.readUInt16BE(at + 2)
      else if (head === 10) length = Number(area.readBigUInt64BE(at + 2))
      if (have < head + Math.min(length, PEEK)) break
      const payload = at + head
      const here = Math.min(length, end - payload)
      this.#sink.frame(area, (area[at] as number) & 15, payload, length, here)
      this.#skip = length - here
      at = payload + here
    }
    if (at < end) this.#cut = Buffer.from(area.subarray(at, end))
  }
}

/** A masked client frame. `payload` is masked in place of a copy; the mask is constant, so that times can be put in. */
export const MASK = Uint8Array.of(0x5a, 0xa5, 0x3c, 0xc3)

export function clientFrame(opcode: number, payload: Uint8Array): { frame: Buffer; start: number } {
  const { length } = payload
  const start = length < 126 ? 6 : 8
  const frame = Buffer.alloc(start + length)
  frame[0] = 0x80 | opcode
  if (length < 126) frame[1] = 0x80 | length
  else {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  }
  frame.set(MASK, start - 4)
  for (let i = 0; i < length; i += 1) frame[start + i] = (payload[i] as number) ^ (MASK[i & 3] as number)
  return { frame, start }
}
