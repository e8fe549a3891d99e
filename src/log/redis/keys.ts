/**
 * Where things are in Redis. Rooms are in 1,024 buckets by a hash of their path; the keys of a bucket share a hash tag, so
 * that in a cluster one script reaches a room and the bucket's indexes. `scripts/room-keys.ts` has the keys of a room.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const BUCKETS = 1024

/** What the keys of a bucket begin with. */
export function bucketKey(bucket: number): string {
  return `corridor:{${bucket}}`
}

/** What the keys of a room's bucket begin with. */
export function bucketOf(path: string): string {
  return bucketKey(crc32(path) % BUCKETS)
}

/** Under which an id of a client is kept. */
export function idDigest(client: string, id: string): Buffer {
  return digest(`${client.length} ${client}${id}`, 12)
}

/** Under which is kept what is known of a client. */
export function clientDigest(client: string): Buffer {
  return digest(client, 8)
}

function digest(text: string, bytes: number): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, bytes)
}
