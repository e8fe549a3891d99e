/** A gate with callers and rooms made by hand: no request, no socket, no server. `gate.test.ts` asks it. */
import { afterAll, beforeEach } from 'vitest'
import type { Mount } from '../../src/config/mount.ts'
import type { Admission } from '../../src/gate/admission.ts'
import { Auth } from '../../src/gate/auth.ts'
import type { Caller, Handshake } from '../../src/gate/caller.ts'
import { Gate, type GateParts } from '../../src/gate/gate.ts'
import { GuestIds } from '../../src/gate/guest-ids.ts'
import { hostGuard } from '../../src/gate/host.ts'
import { Quotas } from '../../src/gate/quotas.ts'
import { Router } from '../../src/gate/router.ts'
import { systemRandom } from '../../src/random.ts'
import type { OpenRoom } from '../../src/room/open-room.ts'
import type { Reservation } from '../../src/room/reservation.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { RoomsFolder } from './rooms-folder.ts'
import { SECRET } from './tokens.ts'

const PICKY = `import { defineRoom, RoomError } from 'corridor'
export default defineRoom({
  admit: (_claims, { query }) => {
    if (query.get('knock') === 'no') throw new RoomError('forbidden', 'not today')
    return query.get('knock') === 'slowly' ? new Promise(() => {}) : query.get('knock') !== 'false'
  },
  open: () => ({}),
})
`

export const CALLER: Caller = {
  address: '192.0.2.1',
  target: '/open',
  host: 'rooms.example.org',
  askedHost: 'rooms.example.org',
  isRebound: false,
  isSecure: undefined,
  origin: undefined,
  authorization: undefined,
  cookie: undefined,
  protocols: [],
  requestId: undefined,
}
export const HANDSHAKE: Handshake = {
  method: 'GET',
  httpVersion: '1.1',
  hasBody: false,
  version: '13',
  key: 'dGhlIHNhbXBsZSBub25jZQ==',
}

export interface GateFixture {
  readonly clock: HandClock
  readonly quotas: Quotas
  /** Paths of the rooms that were asked for. */
  readonly asked: string[]
  /** Places in rooms that were not given back. */
  held: number
  /** What a room answers that is asked for a place. */
  place: () => Reservation | Promise<Reservation>
  readonly errors: string[]
  /** A gate that differs from the plain one. */
  gate(parts?: Partial<GateParts>): Gate
}

/** A new fixture for each test of a file. */
export async function gateFixture(): Promise<() => GateFixture> {
  const folder = new RoomsFolder()
  afterAll(() => folder.remove())
  folder.put('picky.ts', PICKY)
  const config = await folder.load({
    server: { limits: { peers: 6, handshakes: { perSecond: 1, burst: 20 } } },
    rooms: {
      '/open': { module: './raw.ts', limits: { perAddress: 2 } },
      '/r/:name': { module: './raw.ts' },
      '/listed': { module: './raw.ts', origins: ['https://app.example'] },
      '/protocols': { module: './raw.ts', protocols: ['v2.chat', 'v1.chat'] },
      '/token': { module: './raw.ts', auth: { secret: SECRET, cookie: 'session' } },
      '/picky': { module: './picky.ts' },
    },
  })
  const { server, mounts } = config
  let fixture = newFixture(server.limits, mounts)
  beforeEach(() => {
    fixture = newFixture(server.limits, mounts)
  })
  return () => fixture
}

function newFixture(server: ConstructorParameters<typeof Quotas>[1], mounts: readonly Mount[]): GateFixture {
  const clock = handClock()
  const quotas = new Quotas(clock, server)
  const router = new Router(mounts)
  const auths = new Map(mounts.map((mount) => [mount, mount.auth && new Auth(mount.auth, clock)]))
  const silent = () => {}
  const fixture: GateFixture = {
    clock,
    quotas,
    asked: [],
    held: 0,
    place: () => placeIn(fixture),
    errors: [],
    gate: (parts) =>
      new Gate({
        basePath: '',
        clock,
        guestIds: new GuestIds({ key: Buffer.alloc(32) }, systemRandom()),
        quotas,
        rooms: {
          reserve: ({ path }) => placeAt(fixture, path),
          reserveJoin: ({ path }) => placeAt(fixture, path),
          get: () => undefined,
        },
        mustKnowHost: hostGuard(undefined),
        isOwn: (path) => path === '/metrics',
        authOf: (mount) => auths.get(mount),
        router: () => router,
        isDraining: () => false,
        logger: {
          debug: silent,
          info: silent,
          warn: silent,
          error: (_: unknown, text?: string) => note(fixture, text),
        },
        ...parts,
      }),
  }
  return fixture
}

function placeAt(fixture: GateFixture, path: string): Reservation | Promise<Reservation> {
  fixture.asked.push(path)
  return fixture.place()
}

function placeIn(fixture: GateFixture): Reservation {
  fixture.held += 1
  const release = () => {
    fixture.held -= 1
  }
  return { room: { kind: 'event' } as OpenRoom, release }
}

function note({ errors }: GateFixture, text = ''): void {
  errors.push(text)
}

export function isAdmission(value: unknown): value is Admission {
  return typeof value === 'object' && value !== null && 'visitor' in value
}
