/**
 * The thread that owns the database. `sqlite.ts` asks in messages, each is answered in its order; a commit blocks only
 * this thread while the disk works.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { errcodeOf, errorOf } from '../../thrown.ts'
import { Store } from './store.ts'

/** A method of the store and its arguments. */
export interface Ask {
  readonly method: Exclude<keyof Store, 'constructor'>
  readonly args: readonly unknown[]
}

/** Its result, or the error in parts that can be sent. */
export type Told =
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly code: number } }

if (!parentPort) throw new Error('sqlite-worker.ts runs as a worker thread of sqlite.ts')
serve(parentPort, String(workerData))

function serve(port: MessagePort, file: string): void {
  let store: Store | undefined
  const opened = attempt(() => {
    store = new Store(file)
  })
  port.postMessage(opened)
  port.on('message', ({ method, args }: Ask) => {
    const ask = store?.[method] as ((...args: unknown[]) => unknown) | undefined
    port.postMessage(attempt(() => ask?.apply(store, [...args])))
    if (method === 'close') port.close()
  })
}

function attempt(work: () => unknown): Told {
  try {
    return { result: work() }
  } catch (error) {
    return { error: { message: errorOf(error).message, code: errcodeOf(error) } }
  }
}
