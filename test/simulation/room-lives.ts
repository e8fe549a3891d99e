/**
 * What the author's code of a simulation sees of its peers: in each life of a room (from `open` to its end) nobody leaves who
 * has not joined, nobody twice, and in the end those are in it that should be. `stage.ts` reports.
 */
import type { Broken } from './room-ledger.ts'

/** What a life is told. A peer is known by its object, which outlives a lost connection. */
export interface RoomLife {
  joined(peer: object, id: string): void
  left(peer: object): void
  dropped(peer: object): void
  rejoined(peer: object): void
  ended(): void
}

type Standing = 'here' | 'away' | 'left'

/** The lives of one node's rooms. */
export class RoomLives {
  readonly #broken: Broken
  readonly #lived: (what: string) => void
  readonly #current = new Map<string, Life>()

  /** `lived`: called with all that the author's code sees. */
  constructor(broken: Broken, lived: (what: string) => void) {
    this.#broken = broken
    this.#lived = lived
  }

  begin(path: string): RoomLife {
    const life = new Life(
      (what) => this.#broken(`${path}: ${what}`),
      (what) => this.#lived(`${path}: ${what}`),
    )
    this.#lived(`${path} begins`)
    this.#current.set(path, life)
    return life
  }

  /** Who is in the room of a path now, sorted, an id for each connection. */
  members(path: string): string[] {
    return this.#current.get(path)?.ids ?? []
  }
}

class Life implements RoomLife {
  readonly #broken: Broken
  readonly #peers = new Map<object, { readonly id: string; standing: Standing }>()
  readonly #lived: (what: string) => void
  #hasEnded = false

  constructor(broken: Broken, lived: (what: string) => void) {
    this.#broken = broken
    this.#lived = lived
  }

  get ids(): string[] {
    if (this.#hasEnded) return []
    const here = [...this.#peers.values()].filter(({ standing }) => standing === 'here')
    return here.map(({ id }) => id).sort()
  }

  joined(peer: object, id: string): void {
    this.#lived(`${id} joins`)
    if (this.#peers.has(peer)) this.#broken(`${id} joins twice`)
    this.#peers.set(peer, { id, standing: 'here' })
  }

  left(peer: object): void {
    this.#move(peer, 'left', ['here', 'away'])
  }

  dropped(peer: object): void {
    this.#move(peer, 'away', ['here'])
  }

  rejoined(peer: object): void {
    this.#move(peer, 'here', ['here', 'away'])
  }

  ended(): void {
    this.#hasEnded = true
  }

  #move(peer: object, to: Standing, from: readonly Standing[]): void {
    const known = this.#peers.get(peer)
    this.#lived(`${known?.id} is ${to}`)
    if (!known) this.#broken(`somebody who has not joined is ${to}`)
    else if (!from.includes(known.standing)) this.#broken(`${known.id}, who was ${known.standing}, is ${to}`)
    else known.standing = to
  }
}
