/**
 * The thread that owns the database. Each call of `thread.ts` is a message, answered in order. A commit blocks only
 * this thread while the disk works.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { errcodeOf, errorOf } from '../../thrown.ts'
import { Store } from './store.ts'

/** A method of the store and its arguments. */
export interface WorkerCall {
  readonly method: Exclude<keyof Store, 'constructor'>
  readonly args: readonly unknown[]
}

/** The result of a call, or its error in a form that can be sent between threads. */
export type WorkerResult =
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly code: number } }

if (!parentPort) throw new Error('worker.ts runs as a worker thread of thread.ts')
serve(parentPort, String(workerData))

function serve(port: MessagePort, file: string): void {
  let store: Store | undefined
  const opened = attempt(() => {
    store = new Store(file)
  })
  port.postMessage(opened)
  port.on('message', ({ method, args }: WorkerCall) => {
    // `thread.ts` has checked the arguments against the method by type; here they are one list.
    const ask = store?.[method] as ((...args: unknown[]) => unknown) | undefined
    port.postMessage(attempt(() => ask?.apply(store, [...args])))
    if (method === 'close') port.close()
  })
}

function attempt(work: () => unknown): WorkerResult {
  try {
    return { result: work() }
  } catch (error) {
    return { error: { message: errorOf(error).message, code: errcodeOf(error) } }
  }
}
