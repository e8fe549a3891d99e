/**
 * A client of a simulation: joins a room, resumes by its offset whenever its connection ends, says its messages under ids,
 * and the same ones again until they are answered (`outbox.ts`). It checks what it hears: one order, no hole, nothing doubled,
 * answers in time; what it cannot check alone it asks of the `room-ledger.ts`.
 */
import type { Answer, Frame } from '../../src/delivery/frame.ts'
import { Close } from '../../src/errors.ts'
import { offset } from '../../src/log/log.ts'
import { Arrivals } from './arrivals.ts'
import type { ClientParts } from './client-parts.ts'
import { NewestConnection } from './newest-connection.ts'
import type { SimNode } from './node.ts'
import { Outbox, type Said } from './outbox.ts'
import { SeenEvents } from './seen-events.ts'
import { SimWire } from './sim-wire.ts'
import { TokenEnd } from './token-end.ts'
import { Welcoming } from './welcoming.ts'
import { WrittenOrder } from './written-order.ts'

/** When all is well, an event is heard within this time. */
const HEARD_MS = 1500

export class SimClient {
  readonly #parts: ClientParts
  readonly #arrivals: Arrivals
  readonly #outbox: Outbox
  readonly #seen = new SeenEvents()
  #wire: SimWire | undefined
  #isWelcome = false
  /** Of the offset that it has, if it has one. */
  #epoch: string | undefined
  #welcomeEpoch = ''
  #seq = 0
  #said = 0
  #welcoming: Welcoming | undefined
  readonly #wires = new Set<SimWire>()
  #token: TokenEnd | undefined
  readonly #newest = new NewestConnection()
  count: number | undefined

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#outbox = new Outbox((what) => parts.broken(`${parts.name}: ${what}`))
    this.#arrivals = new Arrivals(parts, (node) => this.#connect(node))
    this.#arrivals.soon(0)
  }

  get name(): string {
    return this.#parts.name
  }

  get path(): string {
    return this.#parts.ledger.path
  }

  get isAttached(): boolean {
    return this.#isWelcome && this.#wire?.isOver === false
  }

  get waiting(): number {
    return this.#outbox.size
  }

  /** Says something under a new id. */
  say(type: string, more: object = {}): void {
    const text = this.#newText()
    this.#send(this.#outbox.add(`i${this.#said}`, type, text, more))
  }

  /** Says something without an id: it may be lost, and is not kept twice. */
  sayOnce(): void {
    this.#wire?.say(JSON.stringify({ type: 'say', data: { text: this.#newText() } }), () => {})
  }

  /** Says something to the others, which is not kept. */
  shout(): void {
    this.#wire?.shout(this.#newText())
  }

  look(): void {
    this.count = undefined
    this.#wire?.say('{"type":"look","data":null}', () => {})
    // What has no id is lost where a room notices only then that Redis has lost a part of it.
    const again = () => void (this.count === undefined && this.look())
    this.#parts.timeline.after(1000, `${this.name} looks again`, again)
  }

  get wire(): SimWire | undefined {
    return this.#wire
  }

  nodeGone(node: SimNode): void {
    for (const wire of this.#wires) if (wire.clock === node.clock) wire.cut(true)
  }

  /** It has another address: it connects anew, and its old connection ends later, or not at all for long. */
  roam(): void {
    const { timeline, dice, name } = this.#parts
    const old = this.#wire
    if (!old || !this.#isWelcome) return
    timeline.after(dice.below(dice.oneIn(3) ? 20_000 : 1000), `${name} old`, () => old.cut(dice.oneIn(2)))
    this.#isWelcome = false
    this.#arrivals.now()
  }

  /** Its messages were answered in time. */
  checkAnswers(): void {
    const wire = this.#wire
    if (!wire || wire.isOver || wire.clock.isDead) return
    this.#outbox.check(wire)
    if (this.#isWelcome) this.#token?.check()
  }

  /** What it has seen is in the log. */
  checkSeen(): void {
    const { ledger, broken, name } = this.#parts
    const isQuiet = this.#parts.timeline.nowMs - ledger.changedMs > HEARD_MS
    this.#seen.check(this.#seq, ledger, (what) => broken(`${name}: ${what}`))
    if (isQuiet && this.#seq < ledger.seq) broken(`${name}: has heard of ${this.#seq}, the newest is ${ledger.seq}`)
  }

  #newText(): string {
    this.#said += 1
    return `${this.#parts.name}-${this.#said}`
  }

  #connect(at: SimNode): void {
    const { timeline, dice, name, broken } = this.#parts
    const order = new WrittenOrder({ ...this.#parts, seq: this.#seq })
    const token = this.#parts.mayExpire() && dice.oneIn(3) ? new TokenEnd(this.#parts, at.clock, dice) : undefined
    this.#token = token
    this.#welcoming = new Welcoming(() => wire, this.#parts.isAboutToMove)
    const wire: SimWire = new SimWire(name, at.clock, timeline, dice, {
      written: (frame) => {
        if (wire === this.#wire) this.#written(order, frame)
      },
      read: (frame) => {
        if (wire === this.#wire) this.#read(frame)
      },
      closed: (_, reason) => {
        this.#wires.delete(wire)
        if (wire !== this.#wire) return
        token?.closed(reason)
        if (reason === Close.replaced.reason && this.#newest.is(wire))
          broken(`${name}: an older connection of it has replaced the newest`)
        this.#isWelcome = false
        this.#arrivals.again()
      },
    })
    this.#wires.add(wire)
    this.#wire = wire
    this.#outbox.begin()
    const from = this.#epoch === undefined ? undefined : offset(this.#epoch, this.#seq)
    const visitor = { id: name, name, client: name, untilMs: token?.untilMs }
    const refused = () => timeline.after(1, `${name} refused`, () => wire.cut(false))
    const join = () => {
      this.#newest.joined(wire, timeline.nowMs)
      void at.join(this.path, visitor, wire, from, refused)
    }
    timeline.after(dice.next() * 5, `${name} arrives`, () => at.clock.arrives(join, `${name} joins`))
  }

  #send(said: Said): void {
    const { timeline } = this.#parts
    if (!this.isAttached) return
    const wire = this.#wire
    wire?.say(said.body, () => {
      timeline.note(`${said.id} ${said.type}`)
      this.#outbox.arrived(said, wire)
      if (wire === this.#wire) this.#outbox.received(said, wire.clock.ranMs, this.#welcoming?.leadsTo)
    })
  }

  #written(order: WrittenOrder, frame: Frame): void {
    const { type, answer } = frame
    order.written(frame)
    if (type === 'welcome') {
      this.#outbox.welcomed(this.#welcoming?.home)
      this.#welcoming?.welcomes()
    }
    const { ledger, promises } = this.#parts
    const said = this.#outbox.get(answer?.id)
    if (!said) return
    this.#outbox.answered(said)
    if (type === 'ack') promises.acked(ledger, said, answer?.seq, answer?.duplicate === true)
  }

  #read({ type = '', data, seq, answer }: Frame): void {
    const { timeline, name, broken } = this.#parts
    timeline.note(`${name} < ${type} ${seq} ${answer?.id ?? ''} ${answer?.seq ?? ''} ${data}`)
    if (type === 'welcome') this.#welcome(JSON.parse(String(data)))
    else if (type === 'reset') {
      this.#welcomeEpoch = JSON.parse(String(data)).epoch
      this.#begin(this.#epoch && this.#welcomeEpoch, this.#seq)
    } else if (type === 'ack') this.#outbox.delete(answer?.id)
    else if (type === 'error') this.#refused(answer, JSON.parse(String(data)).code)
    else if (type === 'seen') this.count = Number(data)
    else if (type === 'told' && this.#wire?.hasShouted(String(data))) broken(`${name}: hears what it shouts`)
    if (seq === 0) return
    this.#seq = seq
    this.#epoch = this.#welcomeEpoch
    this.#seen.add(seq, `${type} ${data}`)
  }

  #welcome({ epoch, seq, resumed }: { epoch: string; seq: number; resumed?: boolean }): void {
    this.#welcomeEpoch = epoch
    if (resumed === true) this.#epoch = epoch
    // Until the first event there is nothing to resume from.
    else this.#begin(seq === 0 ? epoch : undefined, 0)
    this.#isWelcome = true
    for (const said of this.#outbox.all) this.#send(said)
  }

  /** What it saw before is no part of this log, as far as it knows. */
  #begin(epoch: string | undefined, seq: number): void {
    this.#epoch = epoch
    this.#seq = seq
    this.#seen.clear()
  }

  #refused({ id, duplicate = false }: Answer = { id: undefined }, code: string): void {
    const { timeline, dice, name, broken } = this.#parts
    const said = this.#outbox.get(id)
    if (!said) return
    // One that is kept is the answer for good, whatever its code.
    if (duplicate && code === 'unavailable') broken(`${name}: what is kept under ${said.id} is \`unavailable\``)
    if (duplicate || (code !== 'unavailable' && code !== 'internal')) {
      this.#outbox.delete(said.id)
      return
    }
    timeline.after(50 + dice.below(1000), `${name} again`, () => {
      if (this.#outbox.get(said.id)) this.#send(said)
    })
  }
}
