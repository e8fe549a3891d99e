/** Payloads at the edges of every way in which a frame is made: lengths, kinds of characters, bytes that look like heads. */
import type { Dice } from './random.ts'

/** Around the lengths of heads (RFC 6455, 5.2), and of what is written as text. */
export const EDGES = [0, 1, 2, 124, 125, 126, 127, 128, 129, 16_379, 16_380, 16_381, 16_382, 16_384, 16_385]
export const LARGE = [65_534, 65_535, 65_536, 65_537, 200_000]

/** ASCII, its last character, Latin-1, beyond it, beyond 16 bits, and halves of those. */
export const CHARACTERS = ['x', '\u007f', '\u0080', 'é', '\u00ff', '\u0100', '茶', '😀', '\ud83d', '\udc00', '\u2028']

/** Text of at most so many bytes in UTF-8, of one character. */
export function textOf(character: string, bytes: number): string {
  return character.repeat(Math.floor(bytes / Buffer.byteLength(character)))
}

/** Bytes of which many look like heads of frames. */
export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => [0x88, 0x02, 0x81, 0x7e, 0x00, 0xff, 0x89, at & 255][at & 7] as number)
}

/** Bytes that no compression makes shorter. */
function noise(random: Dice, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256))
}

/** Mostly short, now and then at an edge or large. */
export function anyPayload(random: Dice): string | Uint8Array {
  const dice = random.below(20)
  const length = dice === 0 ? random.pick(LARGE) : dice < 8 ? random.pick(EDGES) : random.below(1000)
  if (random.oneIn(5)) return random.oneIn(2) ? bytesOf(length) : noise(random, length)
  return textOf(random.pick(CHARACTERS), length)
}
