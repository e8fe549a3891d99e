/**
 * When a client of a simulation connects, and to which node: at first, and again some time after it lost its connection or
 * found no node. `client.ts` and `raw-client.ts` have one each.
 */
import type { ClientParts } from './client-parts.ts'
import type { SimNode } from './node.ts'

export class Arrivals {
  readonly #parts: Pick<ClientParts, 'name' | 'timeline' | 'dice' | 'nodes'>
  readonly #connect: (node: SimNode) => void

  constructor(parts: Pick<ClientParts, 'name' | 'timeline' | 'dice' | 'nodes'>, connect: (node: SimNode) => void) {
    this.#parts = parts
    this.#connect = connect
  }

  soon(ms: number): void {
    const { timeline, name } = this.#parts
    timeline.after(ms, `${name} connect`, () => this.now())
  }

  again(): void {
    this.soon(200 + this.#parts.dice.below(800))
  }

  now(): void {
    const { dice, nodes } = this.#parts
    const ready = nodes().filter(({ isReady }) => isReady)
    if (ready.length === 0) this.again()
    else this.#connect(dice.pick(ready))
  }
}
