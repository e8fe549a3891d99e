/**
 * The main thread's side of the database: calls go to the worker, and results come back in order, as promises.
 * `sqlite.ts` makes one; `worker.ts` answers.
 */
import { Worker } from 'node:worker_threads'
import { errorOf } from '../../thrown.ts'
import type { StoredEvent } from '../stored-event.ts'
import type { Store } from './store.ts'
import type { Late, LateCall, WorkerCall, WorkerResult } from './worker.ts'

/** An error of SQLite; `code` is its extended result code (sqlite.org/rescode.html), 0 for any other error. */
export class DatabaseError extends Error {
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

type Methods = { [M in WorkerCall['method']]: Store[M] }

interface PendingCall {
  resolve(result: unknown): void
  reject(error: Error): void
}

export class SqliteThread {
  readonly #worker: Worker
  readonly #pending: PendingCall[] = []
  #gone: Error | undefined
  #page: Promise<unknown> = Promise.resolve()
  readonly #late = new Map<Late, PendingCall>()
  #copy: Promise<unknown> = Promise.resolve()
  /** Resolves when the file is open and ours. */
  readonly opened: Promise<unknown>

  constructor(file: string) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), { workerData: file })
    this.#worker.on('message', (result: WorkerResult) => this.#settle(result))
    this.#worker.on('error', (error) => this.#lost(error))
    this.#worker.on('exit', () => this.#lost(new Error('the thread of the database has ended')))
    this.opened = this.#wait()
  }

  call<M extends WorkerCall['method']>(method: M, ...args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
    if (this.#gone) return Promise.reject(this.#gone)
    this.#worker.postMessage({ method, args } satisfies WorkerCall)
    // Results come back in the order of calls, so the next one is this method's.
    return this.#wait() as Promise<ReturnType<Methods[M]>>
  }

  /** Reads a page. One at a time for all rooms, so that a commit waits for at most one read. */
  page(...which: Parameters<Store['read']>): Promise<StoredEvent[]> {
    const page = this.#page.then(() => this.call('read', ...which))
    this.#page = page.catch(() => {})
    return page
  }

  /** Copies the database to a file while other calls go on. One copy at a time. */
  copy(file: string): Promise<void> {
    const copy = this.#copy.then(() => this.#callLate({ method: 'copy', args: [file] }))
    this.#copy = copy.catch(() => {})
    return copy
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#callLate({ method: 'endCopy', args: [] })
    await this.call('close')
  }

  async #callLate(call: LateCall): Promise<void> {
    if (this.#gone) throw this.#gone
    this.#worker.postMessage(call)
    await new Promise((resolve, reject) => this.#late.set(call.method, { resolve, reject }))
  }

  #wait(): Promise<unknown> {
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }))
  }

  #settle(result: WorkerResult): void {
    const call = result.late ? this.#late.get(result.late) : this.#pending.shift()
    if ('error' in result) call?.reject(new DatabaseError(result.error.message, result.error.code))
    else call?.resolve(result.result)
  }

  #lost(error: unknown): void {
    this.#gone ??= errorOf(error)
    for (const { reject } of [...this.#pending.splice(0), ...this.#late.values()]) reject(this.#gone)
  }
}
