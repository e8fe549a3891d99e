/**
 * An honest client in a thread of its own, so that the attackers of the same test do not make it wait: every few ms it
 * says a word to an echo room and waits until it hears it, or it shakes hands, and measures how long that takes. In a room
 * where others speak too it waits for its own word. `attacked.ts` starts it and asks for the times.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { frame, Op } from './bare-frames.ts'
import { BarePeer } from './bare-peer.ts'

const EVERY_MS = 2

const { url, does, bytes } = workerData as { url: string; does: 'speaks' | 'shakes'; bytes: number }
const act = does === 'shakes' ? shake : sender(await BarePeer.open(url))
let timesMs: number[] = []
let isAsked = false

parentPort?.on('message', () => {
  isAsked = true
  answer()
})
parentPort?.postMessage('ready')

for (;;) {
  const begin = performance.now()
  const after = await act()
  timesMs.push(performance.now() - begin)
  answer()
  after?.()
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
}

/** Reports the times, once there is one: on a busy machine the first may take its time. */
function answer(): void {
  if (!isAsked || timesMs.length === 0) return
  parentPort?.postMessage(timesMs)
  timesMs = []
  isAsked = false
}

async function shake(): Promise<() => void> {
  const peer = await BarePeer.open(url)
  return () => peer.destroy()
}

function sender(peer: BarePeer): () => Promise<undefined> {
  let count = 0
  return async () => {
    count += 1
    const word = `${process.pid} ${count} `.padEnd(bytes, 'x')
    await peer.write(frame(Op.text, word))
    for (;;) {
      const answer = await peer.next()
      if (!answer || answer.opcode === Op.close) throw new Error(`an honest client was sent away: ${peer.closeCode}`)
      if (answer.payload.toString() === word) return
    }
  }
}
