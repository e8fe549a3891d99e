/**
 * An honest client in a thread of its own, so that the attackers of the same test do not make it wait: it says a word to
 * an echo room every few ms and measures how long the answer takes. `attacked.ts` starts it and asks for the times.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { frame, Op } from './bare-frames.ts'
import { BarePeer } from './bare-peer.ts'

const WORD = 'are you there?'
const EVERY_MS = 2

const peer = await BarePeer.open(workerData as string)
let timesMs: number[] = []

parentPort?.on('message', () => {
  parentPort?.postMessage(timesMs)
  timesMs = []
})
parentPort?.postMessage('ready')

for (;;) {
  const begin = performance.now()
  await peer.write(frame(Op.text, WORD))
  const answer = await peer.next(30_000)
  if (answer?.payload.toString() !== WORD) throw new Error(`an honest client got ${answer?.payload ?? 'the end'}`)
  timesMs.push(performance.now() - begin)
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
}
