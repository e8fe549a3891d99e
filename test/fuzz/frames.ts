/**
 * Streams of WebSocket frames made by chance: first odd but legal ones, which keep the connection open, then ones that
 * are wrong on purpose or by mutation. The same seed makes the same bytes.
 */
import { deflateRawSync } from 'node:zlib'
import { closeFrame, frame, frameOf, Op } from '../support/bare-frames.ts'
import type { Dice } from '../support/random.ts'
import { envelope } from './envelopes.ts'

export interface Stream {
  /** Whole frames, one after the other; the last may be cut. */
  readonly frames: readonly Buffer[]
  /** How the bytes are cut into writes: so many bytes each, over and over. */
  readonly cuts: readonly number[]
}

export interface StreamOptions {
  /** So many legal frames come first. */
  readonly legal: number
  /** A room that takes only text. */
  readonly isEvent: boolean
  /** Compression was agreed on. */
  readonly isSqueezed: boolean
}

const LENGTHS = [0, 1, 2, 7, 64, 124, 125, 126, 127, 128, 200, 1000]
const RARE_LENGTHS = [4096, 16_384, 65_535, 65_536]
/** A room takes so many pings from one peer at a time. */
const MAX_CONTROLS = 150

export function frameStream(random: Dice, options: StreamOptions): Stream {
  const frames = legalFrames(random, options)
  const bad = 1 + random.below(8)
  for (let count = 0; count < bad; count += 1) frames.push(hostile(random))
  const last = frames.at(-1) as Buffer
  if (random.oneIn(3)) frames[frames.length - 1] = last.subarray(0, random.below(last.length + 1))
  // Mostly in one write; sometimes in crumbs.
  const cuts = random.oneIn(10) ? Array.from({ length: 5 }, () => 1 + random.below(3000)) : [Number.POSITIVE_INFINITY]
  return { frames, cuts }
}

/** Frames that no server may close for, however odd they are. */
export function legalFrames(random: Dice, { legal, isEvent, isSqueezed }: StreamOptions): Buffer[] {
  const frames: Buffer[] = []
  let controls = 0
  while (frames.length < legal) {
    if (random.oneIn(20) && controls < MAX_CONTROLS) {
      frames.push(control(random))
      controls += 1
    } else frames.push(...message(random, isEvent, isSqueezed))
  }
  return frames
}

/** A legal message, whole or in fragments with control frames between. */
function message(random: Dice, isEvent: boolean, isSqueezed: boolean): Buffer[] {
  const text = isEvent || random.oneIn(2)
  const payload = isEvent ? Buffer.from(envelope(random)) : text ? words(random) : bytes(random, lengthOf(random))
  const opcode = text ? Op.text : Op.binary
  if (payload.length > 60_000) return [frame(opcode, payload.subarray(0, 0))]
  if (isSqueezed && random.oneIn(4)) return [frame(opcode, deflateRawSync(payload), { rsv: 4, mask: maskOf(random) })]
  if (!random.oneIn(5)) {
    return [frame(opcode, payload, { mask: maskOf(random), lengthBits: random.pick([7, 7, 7, 16, 64] as const) })]
  }
  const frames: Buffer[] = []
  const count = 1 + random.below(6)
  let at = 0
  for (let index = 0; index <= count; index += 1) {
    const end = index === count ? payload.length : at + random.below(payload.length - at + 1)
    const parts = { isFinal: index === count, mask: maskOf(random) }
    frames.push(frame(index === 0 ? opcode : Op.continuation, payload.subarray(at, end), parts))
    if (index < count && random.oneIn(30)) frames.push(control(random))
    at = end
  }
  return frames
}

function control(random: Dice): Buffer {
  return frame(random.pick([Op.ping, Op.pong]), bytes(random, random.below(126)), { mask: maskOf(random) })
}

/** A frame that is wrong, or may be. */
function hostile(random: Dice): Buffer {
  const payload = bytes(random, lengthOf(random))
  const mask = maskOf(random)
  const kinds: (() => Buffer)[] = [
    () => frame(random.below(16), payload, { rsv: random.below(8), isFinal: random.oneIn(2), mask }),
    () => frameOf({ opcode: random.below(16), payload }),
    () => frame(random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload, { mask }),
    () => frame(Op.binary, payload, { length: hugeLength(random), mask }),
    () => frame(random.pick([Op.close, Op.ping, Op.pong]), bytes(random, 126 + random.below(400)), { mask }),
    () => frame(random.pick([Op.close, Op.ping, Op.pong]), '', { isFinal: false, mask }),
    () => closeFrame(random.below(65_536), bytes(random, random.below(123))),
    () => frame(Op.close, bytes(random, random.below(3)), { mask }),
    () => frame(Op.text, bytes(random, 1 + random.below(40)), { mask }),
    () => frame(Op.continuation, payload, { isFinal: random.oneIn(2), mask }),
    () => frame(Op.text, envelope(random), { mask }),
    () => mutated(random, frame(Op.text, envelope(random).slice(0, 2000), { mask })),
    () => bytes(random, 1 + random.below(200)),
  ]
  return random.pick(kinds)()
}

/** Some bits turned, some bytes put in, left out or doubled. */
export function mutated(random: Dice, original: Buffer): Buffer {
  let result = Buffer.from(original)
  for (let count = 1 + random.below(4); count > 0 && result.length > 0; count -= 1) {
    const at = random.below(result.length)
    const end = at + 1 + random.below(8)
    const kind = random.below(4)
    if (kind === 0) result[at] = (result[at] ?? 0) ^ (1 << random.below(8))
    else if (kind === 1)
      result = Buffer.concat([result.subarray(0, at), bytes(random, 1 + random.below(8)), result.subarray(at)])
    else if (kind === 2) result = Buffer.concat([result.subarray(0, at), result.subarray(end)])
    else result = Buffer.concat([result.subarray(0, end), result.subarray(at)])
  }
  return result
}

export function bytes(random: Dice, length: number): Buffer {
  const result = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += 1) result[at] = random.below(256)
  return result
}

function words(random: Dice): Buffer {
  return Buffer.from(random.pick(['hello', 'µ', '茶', '😀', '\u0000', '"', 'x']).repeat(random.below(30)))
}

function lengthOf(random: Dice): number {
  return random.oneIn(300) ? random.pick(RARE_LENGTHS) : random.pick(LENGTHS)
}

function hugeLength(random: Dice): bigint {
  return random.pick([1n << 63n, (1n << 64n) - 1n, (1n << 53n) + 1n, 1n << 32n, (1n << 31n) - 1n, 65_537n, 70_000n])
}

function maskOf(random: Dice): Buffer {
  return bytes(random, 4)
}
