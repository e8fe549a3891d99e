/**
 * Opens closed rooms when an alarm of theirs is due. It walks over the log's alarms in the order of their time, a page at
 * a time; what a room that closes leaves behind that walk is remembered here. An open room runs its own alarms
 * (`alarm-runner.ts`). Where other servers have the same log, one of them opens a room. `server.ts` starts it.
 */
import type { Clock } from '../clock.ts'
import type { Route } from '../config/mount.ts'
import type { RoomLogger } from '../define.ts'
import { inWords } from '../errors.ts'
import { byTime, type RoomAlarm } from '../log/kept-rooms.ts'
import type { Log } from '../log/log.ts'
import { type AlarmBook, type AlarmDue, retryMs, waitMs } from './alarm-book.ts'
import type { AlarmTurns } from './alarm-turns.ts'
import { RoomElsewhere } from './room-elsewhere.ts'
import type { Rooms } from './rooms.ts'

/** How many rooms are opened for their alarms at a time, and how many are read from the log at once. */
const AT_ONCE = 8
/** The log is read again so long after it could not be. */
const READ_AGAIN_MS = 1000
const PAGE = 100
/** Between two looks at an alarm that another server is to run, at first and at most. */
const LOOK_MS = { first: 500, longest: 30_000 }
/** How long after rooms have lost their logs the alarms are read anew: many lose them together. */
const LOST_MS = 500

export interface AlarmOpeningsParts {
  readonly clock: Clock
  readonly log: Pick<Log, 'alarms' | 'trouble'>
  readonly rooms: Pick<Rooms, 'at' | 'runAlarms'>
  readonly alarmBook: AlarmBook
  readonly logger: RoomLogger
  /** `undefined`: no room of the configuration is at this path. */
  readonly routeOf: (path: string) => Route | undefined
  /** There, if other servers have the same log. */
  readonly turns?: AlarmTurns | undefined
}

export class AlarmOpenings {
  readonly #parts: AlarmOpeningsParts
  /** Read from the log and not due yet, or not opened yet. */
  #page: RoomAlarm[] = []
  /** The last that was read. */
  #read: RoomAlarm | undefined
  /** After what was read none is due before this time. */
  #beyondAt = Number.NEGATIVE_INFINITY
  /** Closed rooms that the walk has passed, and when each is opened. */
  readonly #waiting = new Map<string, AlarmDue>()
  /** Of those, the ones that are due. */
  readonly #due = new Set<string>()
  readonly #running = new Set<string>()
  /** How often a room did not open. */
  readonly #failures = new Map<string, number>()
  /** Alarms that others are to run, and how often this was looked at. */
  readonly #looks = new Map<string, number>()
  /** Counts the walks over the log's alarms. */
  #walk = 0
  #cancelAgain: (() => void) | undefined
  #isLooking = false
  /** The log could not be read: it is not, before this time (monotonic). */
  #restUntilMs = Number.NEGATIVE_INFINITY
  #isLate = false
  #isStarted = false
  #cancel = () => {}
  #endReads = () => {}

  constructor(parts: AlarmOpeningsParts) {
    this.#parts = parts
    parts.alarmBook.onClosed = (path, next) => this.#closed(path, next)
    parts.alarmBook.onLost = () => this.#lost()
    if (parts.turns) parts.turns.onGone = () => this.#gone()
  }

  start(): void {
    this.#isStarted = true
    const { clock, turns } = this.#parts
    // Not within a walk, which would never come to its end.
    if (turns) this.#endReads = clock.every(turns.readMs, () => this.#isLooking || this.reload())
    void this.#look()
  }

  /** Begins the walk anew: rooms that had no place in the configuration may have one now. */
  reload(): void {
    this.#walk += 1
    this.#page = []
    this.#read = undefined
    this.#beyondAt = Number.NEGATIVE_INFINITY
    void this.#look()
  }

  end(): void {
    this.#isStarted = false
    this.#cancel()
    this.#cancelAgain?.()
    this.#endReads()
  }

  #gone(): void {
    for (const path of this.#looks.keys()) this.#waiting.set(path, { at: 0, notBefore: 0 })
    this.reload()
  }

  #lost(): void {
    this.#cancelAgain ??= this.#parts.clock.after(LOST_MS, () => {
      this.#cancelAgain = undefined
      this.reload()
    })
  }

  #closed(path: string, next: AlarmDue | undefined): void {
    if (!next) return
    const { clock } = this.#parts
    const isPassed = this.#read !== undefined && byTime({ path, at: next.at }, this.#read) <= 0
    // What is read just now may be older than this.
    if (isPassed || this.#isLooking || next.notBefore > clock.monotonic()) this.#waiting.set(path, next)
    else this.#beyondAt = Math.min(this.#beyondAt, next.at)
    this.#arm()
  }

  /** Opens what is due, as many at a time as may be. */
  async #look(): Promise<void> {
    if (this.#isLooking || !this.#isStarted) return
    this.#isLooking = true
    try {
      while (this.#running.size < AT_ONCE) {
        const path = this.#take()
        if (path !== undefined) this.#run(path)
        else if (!(await this.#readOn())) break
      }
    } catch (error) {
      // A log that has closed meanwhile reads nothing more.
      if (!this.#isLate && this.#isStarted)
        this.#parts.logger.error(inWords(error), 'the alarms of closed rooms could not be read, they are late')
      this.#isLate = true
    }
    this.#isLooking = false
    this.#arm()
  }

  /** The next room that is due; `undefined`: none of those that are known here. */
  #take(): string | undefined {
    const [waiting] = this.#due
    if (waiting !== undefined) {
      this.#due.delete(waiting)
      this.#waiting.delete(waiting)
      return waiting
    }
    const { clock } = this.#parts
    for (let [first] = this.#page; first && first.at <= clock.now(); [first] = this.#page) {
      this.#page.shift()
      // A walk that begins anew passes those that wait for another try.
      if ((this.#waiting.get(first.path)?.notBefore ?? 0) <= clock.monotonic()) return first.path
    }
    return undefined
  }

  /** Reads a page if something of it may be due. */
  async #readOn(): Promise<boolean> {
    const { clock } = this.#parts
    if (this.#page.length > 0 || this.#beyondAt > clock.now() || this.#restUntilMs > clock.monotonic()) return false
    this.#beyondAt = Number.POSITIVE_INFINITY
    const walk = this.#walk
    try {
      const page = await this.#parts.log.alarms(PAGE, this.#read)
      // Another walk has begun meanwhile.
      if (walk !== this.#walk) return true
      this.#page.push(...page)
      this.#read = page.at(-1) ?? this.#read
      this.#isLate = false
      if (page.length === PAGE) this.#beyondAt = this.#read?.at ?? Number.NEGATIVE_INFINITY
      return page.length > 0
    } catch (error) {
      // Once more, but not at once.
      this.#beyondAt = Number.NEGATIVE_INFINITY
      this.#restUntilMs = clock.monotonic() + READ_AGAIN_MS
      throw error
    }
  }

  #run(path: string): void {
    const { clock, rooms, routeOf } = this.#parts
    const route = routeOf(path)
    // An open one runs its alarms itself; one without a place waits for a reload.
    if (!route || rooms.at(path) || this.#running.has(path)) {
      this.#looks.delete(path)
      return
    }
    this.#running.add(path)
    const ended = () => {
      this.#running.delete(path)
      void this.#look()
    }
    // Each in a turn of its own: messages come between.
    clock.soon(() => void this.#open(route).then(ended))
  }

  async #open(route: Route): Promise<void> {
    const { turns, rooms } = this.#parts
    const { path } = route
    try {
      const turn = (await turns?.turnOf(path, this.#looks.get(path) ?? 0)) ?? 'open'
      if (turn === 'elsewhere') throw new RoomElsewhere(path)
      this.#looks.delete(path)
      if (turn === 'open') await rooms.runAlarms(route)
      else if (turn !== 'none') this.#closed(path, { at: turn.at, notBefore: 0 })
      this.#failures.delete(path)
    } catch (error) {
      if (error instanceof RoomElsewhere) this.#lookAgain(path)
      else this.#failed(path)
    }
  }

  #lookAgain(path: string): void {
    const looks = (this.#looks.get(path) ?? 0) + 1
    this.#looks.set(path, looks)
    const ms = Math.min(LOOK_MS.longest, LOOK_MS.first * 2 ** Math.min(looks - 1, 30))
    this.#waiting.set(path, { at: 0, notBefore: this.#parts.clock.monotonic() + ms })
  }

  /** The room does not open: it is tried again later. `rooms.ts` has logged why. */
  #failed(path: string): void {
    const before = this.#failures.get(path) ?? 0
    // While the log is away it is not the room that fails.
    const failures = this.#parts.log.trouble === undefined ? before + 1 : Math.max(before, 1)
    this.#failures.set(path, failures)
    this.#waiting.set(path, { at: 0, notBefore: this.#parts.clock.monotonic() + retryMs(failures) })
  }

  /** Waits for the next that is due. Not longer than `recheckMs`, since the time of day may jump. */
  #arm(): void {
    this.#cancel()
    if (!this.#isStarted || this.#isLooking || this.#running.size >= AT_ONCE) return
    const { clock, alarmBook } = this.#parts
    const beyondMs = Math.max(this.#beyondAt - clock.now(), this.#restUntilMs - clock.monotonic())
    let ms = Math.min((this.#page[0]?.at ?? Number.POSITIVE_INFINITY) - clock.now(), beyondMs)
    for (const due of this.#waiting.values()) ms = Math.min(ms, waitMs(due, clock))
    if (ms === Number.POSITIVE_INFINITY) return
    // Not at once, since it may just have failed.
    this.#cancel = clock.after(Math.min(Math.max(ms, 1), alarmBook.recheckMs), () => this.#tick())
  }

  #tick(): void {
    const { clock } = this.#parts
    for (const [path, due] of this.#waiting) if (waitMs(due, clock) === 0) this.#due.add(path)
    void this.#look()
  }
}
