/**
 * The main thread's side of the database: questions go to the worker and come back in their order, as promises.
 * `sqlite.ts` makes one; `worker.ts` answers.
 */
import { Worker } from 'node:worker_threads'
import { errorOf } from '../../thrown.ts'
import type { StoredEvent } from './event.ts'
import type { Store } from './store.ts'
import type { Ask, Told } from './worker.ts'

/** What SQLite said; `code` is its extended result code (sqlite.org/rescode.html). */
export class DatabaseError extends Error {
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

type Methods = { [M in Ask['method']]: Store[M] }

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

export class SqliteThread {
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  #gone: Error | undefined
  #page: Promise<unknown> = Promise.resolve()
  /** Resolves when the file is open and ours. */
  readonly opened: Promise<unknown>

  constructor(file: string) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), { workerData: file })
    this.#worker.on('message', (told: Told) => this.#told(told))
    this.#worker.on('error', (error) => this.#lost(error))
    this.#worker.on('exit', () => this.#lost(new Error('the thread of the database has ended')))
    this.opened = this.#wait()
  }

  ask<M extends Ask['method']>(method: M, ...args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
    if (this.#gone) return Promise.reject(this.#gone)
    this.#worker.postMessage({ method, args } satisfies Ask)
    return this.#wait() as Promise<ReturnType<Methods[M]>>
  }

  /** Reads a page, one at a time in all rooms: a commit waits for no more than one of them. */
  page(...which: Parameters<Store['read']>): Promise<StoredEvent[]> {
    const page = this.#page.then(() => this.ask('read', ...which))
    this.#page = page.catch(() => {})
    return page
  }

  #wait(): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #told(told: Told): void {
    const waiting = this.#waiting.shift()
    if ('error' in told) waiting?.reject(new DatabaseError(told.error.message, told.error.code))
    else waiting?.resolve(told.result)
  }

  #lost(error: unknown): void {
    this.#gone ??= errorOf(error)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone)
  }
}
