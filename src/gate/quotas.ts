/**
 * Quotas of the server: handshakes and reads per address and second, peers per address and room, and peers in all.
 * `gate.ts` charges them before the upgrade; a peer is counted out when it is gone.
 */
import type { Clock } from '../clock.ts'
import type { Route } from '../config/mount.ts'
import { Refusal } from '../errors.ts'
import type { Rate } from '../token-bucket.ts'
import { addressKey } from './address.ts'
import { AddressRates } from './address-rates.ts'

export interface ServerLimits {
  readonly peers: number
  readonly handshakes: Rate
}

/** A read costs one token, and one more for each this many bytes. */
const READ_BYTES = 64 * 1024
/** The rate of reads is that of handshakes, but at least this. */
const LEAST_READS: Rate = { perSecond: 200, burst: 1000 }

/** The peers of one address in one room share one of these. */
interface Count {
  readonly key: string
  peers: number
}

export class Quotas {
  readonly #handshakes: AddressRates
  readonly #reads: AddressRates
  /** By address key and room path. */
  readonly #perAddress = new Map<string, Count>()
  #limits: ServerLimits
  #peers = 0

  constructor(clock: Clock, limits: ServerLimits) {
    this.#limits = limits
    this.#handshakes = new AddressRates(clock, () => this.#limits.handshakes)
    this.#reads = new AddressRates(clock, () => readsOf(this.#limits))
  }

  /** The number of peers of the server. */
  get peers(): number {
    return this.#peers
  }

  /** Applies from now on; counts stay. */
  set limits(limits: ServerLimits) {
    this.#limits = limits
  }

  /** Charges handshakes. Throws a `Refusal` 429 over the rate, 413 if `cost` is larger than the burst. */
  handshake(address: string, cost = 1): void {
    const { handshakes } = this.#limits
    if (cost > handshakes.burst) {
      const message = `expected at most ${handshakes.burst} messages from one address at once, got ${cost}; send fewer at once`
      throw new Refusal(413, 'too_many_messages', message).by('server.limits.handshakes')
    }
    const waitSeconds = this.#handshakes.take(address, cost)
    if (waitSeconds === 0) return
    throw tooMany('too many handshakes from your address; try again later', waitSeconds).by('server.limits.handshakes')
  }

  /** Charges a read. Throws a `Refusal` 429 over the rate. */
  read(address: string): void {
    const waitSeconds = this.#reads.take(address, 1)
    if (waitSeconds === 0) return
    throw tooMany('too many reads from your address; try again later', waitSeconds).by('server.limits.handshakes')
  }

  /** Charges bytes sent to a reader: its next read waits for them. */
  sent(address: string, bytes: number): void {
    const cost = Math.floor(bytes / READ_BYTES)
    if (cost > 0) this.#reads.draw(address, cost)
  }

  /** Counts a peer in. Returns a function that counts it out (a second call does nothing). Throws a `Refusal` 429 or 503. */
  enter({ mount, path }: Route, address: string): () => void {
    if (this.#peers >= this.#limits.peers) {
      const message = `expected at most ${this.#limits.peers} peers on this server, got one more; try again later`
      throw new Refusal(503, 'server_full', message, { 'Retry-After': '30' }).by('server.limits.peers')
    }
    const key = `${addressKey(address)} ${path}`
    const count = this.#perAddress.get(key) ?? { key, peers: 0 }
    if (count.peers >= mount.limits.perAddress) {
      const message = `expected at most ${mount.limits.perAddress} peers from one address in this room, got one more`
      throw tooMany(message, 10).by('limits.perAddress')
    }
    if (count.peers === 0) this.#perAddress.set(key, count)
    count.peers += 1
    this.#peers += 1
    return this.#leaverOf(count)
  }

  #leaverOf(count: Count): () => void {
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#peers -= 1
      count.peers -= 1
      if (count.peers === 0) this.#perAddress.delete(count.key)
    }
  }
}

function readsOf({ handshakes: { perSecond, burst } }: ServerLimits): Rate {
  return { perSecond: Math.max(LEAST_READS.perSecond, perSecond), burst: Math.max(LEAST_READS.burst, burst) }
}

function tooMany(message: string, afterSeconds: number): Refusal {
  return new Refusal(429, 'too_many', message, { 'Retry-After': String(Math.max(1, afterSeconds)) })
}
