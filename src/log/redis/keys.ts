/**
 * Where things are in Redis. Rooms are in 1,024 buckets by a hash of their path; the keys of a bucket share a hash tag, so
 * that in a cluster one script reaches a room and the bucket's indexes. `scripts/room-keys.ts` has the keys of a room.
 */
import { crc32 } from 'node:zlib'

export const BUCKETS = 1024

/** The secret of the log. */
export const SECRET_KEY = 'corridor:secret'

/** The nodes: a field each. What else is kept of them begins with it. */
export const NODES_KEY = 'corridor:{nodes}'

/** What the keys of a bucket begin with. */
export function bucketKey(bucket: number): string {
  return `corridor:{${bucket}}`
}

/** What the keys of a room's bucket begin with. */
export function bucketOf(path: string): string {
  return bucketKey(bucketNumberOf(path))
}

export function bucketNumberOf(path: string): number {
  return crc32(path) % BUCKETS
}
