/** Lets the time of a hand clock pass until something is done: a server that closes, or an answer that takes its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import { PATIENCE_MS } from './patience.ts'
import type { TestServer } from './server.ts'

/** Sockets and disks move in real time between two steps, which are small beside what a handler may take. */
const BREATH_MS = 2

/** Advances the clock in steps until the promise settles; rejects if it does not. → what the promise resolves to */
export async function passUntil<T>(clock: HandClock, promise: Promise<T>, stepMs = 100): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let passedMs = 0; !isSettled; passedMs += stepMs) {
    if (performance.now() > deadline) throw new Error(`expected it to be done, but ${passedMs} ms of its time passed`)
    await clock.advance(stepMs)
    if (!isSettled) await sleep(BREATH_MS)
  }
  return promise
}

export const closeInTime = (server: TestServer, clock: HandClock): Promise<void> => passUntil(clock, server.close())
