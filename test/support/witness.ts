/**
 * A server to be attacked by a file of tests, and a witness in its room `/echo`: an honest peer, who must still be served
 * after each test. No limit on how often one address connects or speaks is in the way.
 */
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { BarePeer, type PeerOptions } from './bare-peer.ts'
import type { Client } from './client.ts'
import { type Line, startServer, type TestServer } from './server.ts'

const RATE = { perSecond: 1e6, burst: 1e6 }

export interface Witnessed {
  readonly server: TestServer
  /** A peer that sends any bytes. */
  open(path: string, options?: PeerOptions): Promise<BarePeer>
}

export function openWitnessed(rooms: Record<string, Line>): Witnessed {
  let server: TestServer
  let witness: Client
  beforeAll(async () => {
    server = await startServer({
      server: { limits: { handshakes: RATE } },
      defaults: { limits: { perAddress: 100_000, rate: RATE } },
      rooms: { '/echo': { module: 'echo' }, ...rooms },
      env: { LOG_LEVEL: 'warn' },
    })
    witness = await server.connect('/echo')
  })
  afterEach(async () => {
    witness.sendText('?')
    expect(await witness.nextText()).toBe('?')
  })
  afterAll(() => server.close())
  return {
    get server() {
      return server
    },
    open: (path, options) => BarePeer.open(`${server.ws}${path}`, options),
  }
}
