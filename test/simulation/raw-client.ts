/**
 * A client of a raw room of a simulation. An open connection promises no gap: it hears of one life of the room all that is
 * said after its join, and is closed when the room goes on in another; where peers stay, it is joined again there.
 */
import type { Dice } from '../support/random.ts'
import { Arrivals } from './arrivals.ts'
import type { ClientParts } from './client-parts.ts'
import type { SimNode } from './node.ts'
import { SimWire } from './sim-wire.ts'

export interface RawParts extends Pick<ClientParts, 'name' | 'timeline' | 'nodes' | 'broken'> {
  readonly dice: Dice
  readonly path: string
  readonly moves: boolean
}

export class RawClient {
  readonly #parts: RawParts
  readonly #arrivals: Arrivals
  #wire: SimWire | undefined
  #said = 0
  /** What it has said since the last `probe`, and not heard. */
  readonly #unheard = new Set<string>()
  /** Of this connection: the life of the room that it hears, and the number of its next message. */
  #life: string | undefined
  #next = 0

  constructor(parts: RawParts) {
    this.#parts = parts
    this.#arrivals = new Arrivals(parts, (node) => this.#connect(node))
    this.#arrivals.soon(0)
  }

  get path(): string {
    return this.#parts.path
  }

  get isAttached(): boolean {
    return this.#life !== undefined && this.#wire?.isOver === false
  }

  get wire(): SimWire | undefined {
    return this.#wire
  }

  /** All that it says from now on must be heard. */
  probe(): void {
    this.#unheard.clear()
    this.say()
  }

  /** What it has not heard since `probe`. */
  get missing(): readonly string[] {
    return [...this.#unheard]
  }

  say(): void {
    this.#said += 1
    const text = `${this.#parts.name}-${this.#said}`
    this.#unheard.add(text)
    this.#wire?.say(text, () => {})
  }

  #connect(at: SimNode): void {
    const { timeline, dice, name, path } = this.#parts
    const wire: SimWire = new SimWire(name, at.clock, timeline, dice, {
      written: ({ data }) => {
        if (wire === this.#wire) this.#written(String(data))
      },
      read: ({ data }) => {
        timeline.note(`${name} < ${data}`)
        this.#unheard.delete(/ (\S+)$/.exec(String(data))?.[1] ?? '')
      },
      closed: () => {
        if (wire !== this.#wire) return
        this.#wire = this.#life = undefined
        this.#arrivals.again()
      },
    })
    this.#wire = wire
    this.#life = undefined
    const refused = () => timeline.after(1, `${name} refused`, () => wire.cut(false))
    const join = () => void at.join(path, { id: name, name }, wire, undefined, refused)
    timeline.after(dice.next() * 5, `${name} arrives`, () => at.clock.arrives(join, `${name} joins`))
  }

  /** Judged when it is written, whatever becomes of it on its way. */
  #written(data: string): void {
    const { moves } = this.#parts
    const [first = '', second = '', third = ''] = data.split(' ')
    if (first === 'begin') {
      if (this.#life !== undefined && !moves) this.#breaks(`is joined again, to ${second} after ${this.#life}`)
      this.#life = second
      this.#next = Number(third) + 1
      return
    }
    if (this.#life === undefined) this.#breaks(`hears ${data} before it is joined`)
    else if (first !== this.#life) this.#breaks(`hears ${data}, and was joined to ${this.#life}`)
    else if (Number(second) !== this.#next) this.#breaks(`hears ${data}, expected ${this.#next}`)
    this.#next = Number(second) + 1
  }

  #breaks(what: string): void {
    const { name, path, broken } = this.#parts
    broken(`${name} in ${path}: ${what}`)
  }

  nodeGone(clock: unknown): void {
    if (this.#wire?.clock === clock) this.#wire?.cut(true)
  }
}
