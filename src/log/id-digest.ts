/** Digests of clients and of their message ids, under which a log may keep them in few bytes. */
import { hash } from 'node:crypto'

/** 12 bytes. */
export function idDigest(client: string, id: string): Buffer {
  return digest(`${client.length} ${client}${id}`, 12)
}

/** 8 bytes. */
export function clientDigest(client: string): Buffer {
  return digest(client, 8)
}

function digest(text: string, bytes: number): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, bytes)
}
