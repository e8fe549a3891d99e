/**
 * The thread that owns the database. Each call of `thread.ts` is a message, answered in order. A commit blocks only
 * this thread while the disk works.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { errcodeOf, errorOf } from '../../thrown.ts'
import { Store } from './store.ts'

/** A method of the store and its arguments. */
export interface WorkerCall {
  readonly method: Exclude<keyof Store, 'constructor' | Late>
  readonly args: readonly unknown[]
}

/** The methods that take long, and whose results come when they are there: one call of each at a time. */
export type Late = 'copy' | 'endCopy'

export interface LateCall {
  readonly method: Late
  readonly args: readonly unknown[]
}

/** The result of a call, or its error in a form that can be sent between threads. */
export type WorkerResult = { readonly late?: Late } & (
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly code: number } }
)

if (!parentPort) throw new Error('worker.ts runs as a worker thread of thread.ts')
serve(parentPort, String(workerData))

function serve(port: MessagePort, file: string): void {
  let store: Store | undefined
  const opened = attempt(() => {
    store = new Store(file)
  })
  port.postMessage(opened)
  port.on('message', ({ method, args }: WorkerCall | LateCall) => {
    if (isLate(method)) {
      void late(method, store, args).then((result) => port.postMessage(result))
      return
    }
    // `thread.ts` has checked the arguments against the method by type; here they are one list.
    const ask = store?.[method] as ((...args: unknown[]) => unknown) | undefined
    port.postMessage(attempt(() => ask?.apply(store, [...args])))
    if (method === 'close') port.close()
  })
}

function isLate(method: (WorkerCall | LateCall)['method']): method is Late {
  return method === 'copy' || method === 'endCopy'
}

async function late(method: Late, store: Store | undefined, args: readonly unknown[]): Promise<WorkerResult> {
  try {
    await (method === 'copy' ? store?.copy(String(args[0])) : store?.endCopy())
    return { late: method, result: undefined }
  } catch (error) {
    return { late: method, ...errorResult(error) }
  }
}

function attempt(work: () => unknown): WorkerResult {
  try {
    return { result: work() }
  } catch (error) {
    return errorResult(error)
  }
}

function errorResult(error: unknown): { error: { message: string; code: number } } {
  return { error: { message: errorOf(error).message, code: errcodeOf(error) } }
}
