/**
 * Notes for this node: rooms that another has taken, or is about to take. A note is left before its room is taken, so it
 * is acted upon with each beat while it is fresh. Redis removes a note only when a later beat says that it was read: the
 * answer that brought it may be lost. `beats.ts` owns it.
 */
import type { Note } from './beat-reply.ts'

/** A room is taken within this after the note, or another note follows. */
const FRESH_MS = 15_000

export class NoteInbox {
  /** Paths, and until when they are fresh, monotonic ms. */
  readonly #fresh = new Map<string, number>()
  #read: readonly Note[] = []

  /** What the next beat says of the notes that were read. */
  get confirmation(): string[] {
    return this.#read.flatMap(({ path, time }) => [path, time])
  }

  /** A beat has brought them. */
  read(notes: readonly Note[], nowMs: number): void {
    this.#read = notes
    for (const { path } of notes) this.heard(path, nowMs)
  }

  heard(path: string, nowMs: number): void {
    this.#fresh.delete(path)
    this.#fresh.set(path, nowMs + FRESH_MS)
  }

  /** The rooms to make sure of now. */
  fresh(nowMs: number): string[] {
    for (const [path, untilMs] of this.#fresh) {
      // The oldest come first.
      if (untilMs > nowMs) break
      this.#fresh.delete(path)
    }
    return [...this.#fresh.keys()]
  }
}
