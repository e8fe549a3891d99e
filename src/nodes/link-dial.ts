/**
 * Dials another node: says who is asked for, proves itself, and has the other side prove itself, on one connection.
 * `link-handshake.ts` has the steps, `link-network.ts` dials.
 */
import { Agent, type IncomingMessage, request } from 'node:http'
import { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { errorOf } from '../thrown.ts'
import { MAX_MESSAGE_BYTES, WebSocketChannel } from './link-channel.ts'
import { HEADER, helloHeaders, LINK_PATH, NONCE_BYTES, wordOf } from './link-handshake.ts'
import { type Greeting, type LinkKeys, proofOf, provenKey } from './link-keys.ts'
import type { NodeId } from './link-message.ts'
import { DialError } from './network.ts'

export interface DialParts {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
  readonly keys: LinkKeys
}

/** The node that was asked for is not at this address. */
const REFUSED = new Set(['ECONNREFUSED'])
const DIAL_MS = 5000

/** Calls `opened` when both have proved who they are. Rejects with a `DialError`. */
export async function dial(
  parts: DialParts,
  address: string,
  node: NodeId,
  opened: (channel: WebSocketChannel, token: string) => void,
): Promise<void> {
  // One connection: what is proved was asked on it.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const aborted = new AbortController()
  const cancel = parts.clock.after(DIAL_MS, () => aborted.abort(new Error('no answer within 5 s')))
  try {
    const greeting = await greet(parts, address, node, agent, aborted.signal)
    await prove(parts, address, greeting, agent, aborted.signal, opened)
  } catch (thrown) {
    if (thrown instanceof DialError) throw thrown
    const error = errorOf(aborted.signal.aborted ? aborted.signal.reason : thrown)
    const failure = 'code' in error && REFUSED.has(String(error.code)) ? 'refused' : 'unreachable'
    throw new DialError(failure, `${address}: ${error.message}`)
  } finally {
    cancel()
    agent.destroy()
  }
}

function greet(
  { self, random }: DialParts,
  address: string,
  node: NodeId,
  agent: Agent,
  signal: AbortSignal,
): Promise<Greeting> {
  const nonce = random.bytes(NONCE_BYTES).toString('base64url')
  const { promise, resolve, reject } = Promise.withResolvers<Greeting>()
  const headers = helloHeaders(self, node, nonce)
  const asking = request(`http://${address}${LINK_PATH}`, { agent, headers, signal }, (response) => {
    response.on('error', reject)
    response.resume()
    const answered = wordOf(response.headers, HEADER.nonce)
    if (response.statusCode !== 401 || !answered) {
      reject(refusal(address, response, node))
      return
    }
    // Only then the connection is free for the proof.
    response.once('end', () => resolve({ from: self, to: node, nonces: [nonce, answered] }))
  })
  asking.on('error', reject)
  asking.end()
  return promise
}

function refusal(address: string, { statusCode, headers }: IncomingMessage, node: NodeId): DialError {
  if (statusCode === 421) return new DialError('refused', `${address}: another node is there, not ${node}`)
  if (statusCode !== 505)
    return new DialError('unreachable', `${address}: expected a node of Corridor, got ${statusCode}`)
  const other = wordOf(headers, HEADER.protocol) ?? 'another'
  return new DialError('unreachable', `${address}: it speaks version ${other} of the links' protocol; run one version`)
}

function prove(
  { clock, keys }: DialParts,
  address: string,
  greeting: Greeting,
  agent: Agent,
  signal: AbortSignal,
  opened: (channel: WebSocketChannel, token: string) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const known = keys.all()
  const proofs = known.map((key) => proofOf(key, 'dials', greeting)).join(',')
  const ws = new WebSocket(`ws://${address}${LINK_PATH}`, {
    agent,
    headers: { [HEADER.proof]: proofs },
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    // Masking protects from caches between the two, and there is none.
    generateMask: (mask) => mask.fill(0),
  })
  let key: Buffer | undefined
  const abort = () => ws.terminate()
  signal.addEventListener('abort', abort)
  ws.on('upgrade', ({ headers }) => {
    key = provenKey(known, 'accepts', greeting, [wordOf(headers, HEADER.proof) ?? ''])
  })
  ws.on('unexpected-response', (_, response) => {
    reject(
      new DialError(
        'unreachable',
        `${address}: it does not accept the proof that this node uses the same Redis (${response.statusCode})`,
      ),
    )
    ws.terminate()
  })
  ws.on('error', reject)
  ws.on('open', () => {
    signal.removeEventListener('abort', abort)
    if (!key) {
      reject(new DialError('unreachable', `${address}: it has not proved that it uses the same Redis`))
      ws.terminate()
      return
    }
    opened(new WebSocketChannel(ws, greeting.to, clock), proofOf(key, 'hands on', greeting))
    resolve()
  })
  return promise
}
