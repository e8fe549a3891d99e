/**
 * The handshake of a link, in HTTP and before the upgrade to a WebSocket, so that a stranger on the port gets nothing and
 * holds nothing but a connection for a moment: Node's parser bounds what he may send.
 *
 *     GET /link   protocol, who dials, whom, a nonce         401  a nonce    or 421: another node is here
 *     GET /link   Upgrade, proof of who dials                101  proof of who accepts
 *
 * Both requests come on one connection. `link-server.ts` answers, `link-dial.ts` asks.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type Greeting, LINK_PROTOCOL } from './link-keys.ts'
import type { NodeId } from './link-message.ts'

export const LINK_PATH = '/link'
export const NONCE_BYTES = 32
/** A connection whose other side has not proved anything by then is ended. */
export const PROOF_MS = 3000

export const HEADER = {
  protocol: 'corridor-protocol',
  from: 'corridor-from',
  to: 'corridor-to',
  nonce: 'corridor-nonce',
  proof: 'corridor-proof',
  /** Of requests that are handed on along a link. */
  token: 'corridor-token',
} as const

/** What who dials says first. */
export interface Hello {
  readonly protocol: number
  readonly from: NodeId
  readonly to: NodeId
  readonly nonce: string
}

const WORD = /^[\w-]{8,64}$/

export function helloHeaders(from: NodeId, to: NodeId, nonce: string): Record<string, string> {
  return {
    [HEADER.protocol]: String(LINK_PROTOCOL),
    [HEADER.from]: from,
    [HEADER.to]: to,
    [HEADER.nonce]: nonce,
  }
}

/** `undefined`: it is no node that speaks here. */
export function helloOf(headers: IncomingHttpHeaders): Hello | undefined {
  const [protocol, from, to, nonce] = [HEADER.protocol, HEADER.from, HEADER.to, HEADER.nonce].map((name) =>
    wordOf(headers, name),
  )
  if (!protocol || !/^\d{1,6}$/.test(protocol)) return undefined
  if (!from || !to || !nonce || ![from, to, nonce].every((word) => WORD.test(word))) return undefined
  return { protocol: Number(protocol), from, to, nonce }
}

export function proofsOf(headers: IncomingHttpHeaders): string[] {
  return wordOf(headers, HEADER.proof)?.split(',', 2) ?? []
}

export function greetingOf({ from, to, nonce }: Hello, answered: string): Greeting {
  return { from, to, nonces: [nonce, answered] }
}

export function wordOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
