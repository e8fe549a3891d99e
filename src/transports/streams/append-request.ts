/**
 * Reads and checks a `POST`: its body, which must be declared as JSON, and the headers of an idempotent producer. `append.ts`
 * uses it before it passes messages to a room.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Mount } from '../../config/mount.ts'
import { Refusal, RoomError, refusalOf } from '../../errors.ts'
import type { ProducerKey } from '../../log/log.ts'
import { type Message, messageOf, parseJson } from '../../room/protocol.ts'
import { ACCEPTED, mustBeUncoded, wrongType } from '../wrong-type.ts'

/** This much of an oversized body is read and dropped, so that the client reads its refusal. */
const MAX_DROPPED_BYTES = 1024 * 1024
const MAX_PRODUCER_LENGTH = 256
/** The first two bytes of a gzip file (RFC 1952, 2.3.1). */
const GZIP = 0x1f8b

/** The body, of at most `limitBytes`. Rejects with a `Refusal` 413, or 400 if it is incomplete or not UTF-8. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    const incoming: AsyncIterable<Buffer> = request
    for await (const chunk of incoming) {
      sizeBytes += chunk.length
      if (sizeBytes <= limitBytes) chunks.push(chunk)
      if (sizeBytes > limitBytes + MAX_DROPPED_BYTES) break
    }
  } catch {
    throw new Refusal(400, 'bad_body', 'expected the whole body, got only a part of it; send it again')
  }
  if (sizeBytes > limitBytes) throw tooLarge(limitBytes)
  const bytes = Buffer.concat(chunks)
  // Compressed without a Content-Encoding header.
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === GZIP)
    throw wrongType('expected JSON in UTF-8, got gzip; send it uncompressed')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal(400, 'bad_json', 'expected a body in UTF-8, got other bytes')
  }
}

function tooLarge(limitBytes: number): Refusal {
  const message = `expected a body of at most ${limitBytes} bytes`
  return new Refusal(413, 'too_large', message, { Connection: 'close' }).by('limits.payload')
}

/**
 * Checks the headers before the body is requested. Another well-formed type is 409 by the protocol (5.2). An ambiguous one
 * is 415, since readers that disagree about the type allow checks to be bypassed. A moderately oversized body passes here;
 * `readBody` drops and refuses it.
 */
export function mustBeJson({ headers, headersDistinct }: IncomingMessage, limitBytes: number): void {
  const sizeBytes = Number(headers['content-length'] ?? 0)
  if (sizeBytes > limitBytes + MAX_DROPPED_BYTES || (sizeBytes > limitBytes && headers.expect !== undefined))
    throw tooLarge(limitBytes)
  if (sizeBytes > limitBytes) return
  const type = headers['content-type']
  mustBeUncoded(headers)
  // Node keeps the first, while a proxy may use the last.
  if ((headersDistinct['content-type']?.length ?? 0) > 1) throw wrongType('expected one Content-Type')
  const expected = 'expected Content-Type: application/json'
  if (type === undefined) throw new Refusal(400, 'bad_type', expected, ACCEPTED)
  if (/^application\/json(\s*;\s*charset\s*=\s*("utf-?8"|utf-?8))?$/i.test(type)) return
  const isOther =
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w-]+=[\w.-]+)*$/.test(type) && !/^application\/json/i.test(type)
  const message = `${expected}, got ${type.slice(0, 100)}`
  if (isOther) throw new Refusal(409, 'bad_type', message, ACCEPTED)
  throw wrongType(message)
}

/** The messages in a body: one, or an array of at most `batch`. Throws a `Refusal` 400 or 413. */
export function messagesOf(text: string, { batch, json }: Pick<Mount['limits'], 'batch' | 'json'>): Message[] {
  try {
    const value = parseJson(text, json)
    const values: unknown[] = Array.isArray(value) ? value : [value]
    if (values.length === 0) throw new RoomError('bad_message', 'expected at least one message')
    if (values.length > batch) {
      const message = `expected at most ${batch} messages, got ${values.length}`
      throw new Refusal(413, 'too_many_messages', message).by('limits.batch')
    }
    return values.map(messageOf)
  } catch (error) {
    throw error instanceof RoomError ? refusalOf(error, false) : error
  }
}

/** The producer key in the headers; `undefined`: there is none. Throws a `Refusal` 400. */
export function producerOf(headers: IncomingHttpHeaders): ProducerKey | undefined {
  const given = ['producer-id', 'producer-epoch', 'producer-seq'].map((name) => headers[name])
  if (given.every((value) => value === undefined)) return undefined
  const [producer, epoch, seq] = given
  if (typeof producer !== 'string' || !/^[\x20-\x7e]+$/.test(producer) || producer.length > MAX_PRODUCER_LENGTH) {
    throw badProducer(`Producer-Id of 1 to ${MAX_PRODUCER_LENGTH} ASCII characters`)
  }
  return { producer, epoch: integer('Producer-Epoch', epoch), seq: integer('Producer-Seq', seq) }
}

function integer(name: string, value: string | string[] | undefined): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw badProducer(`${name} as an integer from 0 to 2^53-1`)
  return number
}

function badProducer(expected: string): Refusal {
  return new Refusal(400, 'bad_producer', `expected ${expected}, and all three Producer headers or none`)
}
