/** Takes apart the frames of a client, which are masked (RFC 6455, 5.2). What is not whole yet is left out. */
export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export const PONG = 10
export const CLOSE = 8

export function framesOfClient(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes.readUInt8(at + 1) & 0x7f
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + headBytes + 4 > bytes.length) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const begin = at + headBytes + 4
    if (begin + length > bytes.length) break
    const mask = bytes.subarray(at + headBytes, begin)
    const payload = Buffer.from(bytes.subarray(begin, begin + length)).map((byte, i) => byte ^ (mask[i % 4] ?? 0))
    frames.push({ opcode: bytes.readUInt8(at) & 0xf, payload: Buffer.from(payload) })
    at = begin + length
  }
  return frames
}
