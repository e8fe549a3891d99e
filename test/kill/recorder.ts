/**
 * Writes a history down while it happens: what was sent and answered, and what each subscriber received. It lives
 * outside of the process that is killed. `crew.ts` writes to it, `checker.ts` judges it.
 */
import type { Ack } from '../../src/client/client.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import type { Heard, History, Said } from './checker.ts'

export class Recorder {
  readonly #said = new Map<string, Said>()
  readonly #heard = new Map<string, Heard[]>()
  readonly #waiting = new Set<() => void>()
  /** Messages that were acknowledged, and of them those that had been handled before. */
  acked = 0
  duplicates = 0
  #newest = 0

  invoked(key: string): void {
    this.#said.set(key, { key, outcome: 'unanswered' })
  }

  answered(key: string, ack: Ack | undefined): void {
    this.#said.set(key, ack ? { key, outcome: 'acked', seq: ack.seq } : { key, outcome: 'refused' })
    if (ack) this.acked += 1
    if (ack?.duplicate) this.duplicates += 1
    this.#newest = Math.max(this.#newest, ack?.seq ?? 0)
    this.#happened()
  }

  /** Records what one subscriber receives. */
  listener(name: string): (heard: Heard) => void {
    const all: Heard[] = []
    this.#heard.set(name, all)
    return (heard) => {
      all.push(heard)
      this.#newest = Math.max(this.#newest, heard.seq)
      this.#happened()
    }
  }

  /** Whether all who listen have heard the newest event. */
  get areAllThere(): boolean {
    const isNewest = (heard: Heard) => heard.kind === 'event' && heard.seq === this.#newest
    return this.#heard.values().every((heard) => heard.findLast(isNewest) !== undefined)
  }

  /** Whether this is the last event that all who listen have heard. */
  haveAllHeard(seq: number): boolean {
    const isEvent = (heard: Heard) => heard.kind === 'event'
    return this.#heard.values().every((heard) => (heard.findLast(isEvent)?.seq ?? 0) === seq)
  }

  /** How often all who listen were welcomed, together. */
  get welcomes(): number {
    return [...this.#heard.values()].flat().filter(({ kind }) => kind === 'welcome').length
  }

  /** The newest event anyone knows of. */
  get newest(): number {
    return this.#newest
  }

  /** Resolves when it is so; looked at whenever something was written down. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    if (isSo()) return
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (isSo()) end(resolve)
      }
      const timer = setTimeout(
        () =>
          end(() =>
            reject(
              new Error(
                `waited ${PATIENCE_MS} ms for ${what}; ${this.acked} acknowledged, newest heard ${this.newest}`,
              ),
            ),
          ),
        PATIENCE_MS,
      )
      const end = (then: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        then()
      }
      this.#waiting.add(look)
    })
  }

  /** All that was written down, with the log as it lies on disk. */
  history(log: History['log']): History {
    return { said: [...this.#said.values()], heard: this.#heard, log }
  }

  #happened(): void {
    for (const look of this.#waiting) look()
  }
}
