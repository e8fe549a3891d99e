/** Every close there is (catalogue: F6): the peer's with any code, ours with any code and reason. None of them throws. */
import { expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { closeFrame, frame, Op } from '../support/bare-frames.ts'
import { tell, tellWrong } from '../support/figures.ts'
import { amount } from '../support/scale.ts'
import { openWitnessed } from '../support/witness.ts'

/** In `npm test` those around each edge, and some between. */
const EDGES = [0, 1000, 1015, 2999, 4999]
const CODES = Array.from({ length: 5001 }, (_, code) => code).filter(
  (code) => code % amount(100, 1) === 0 || EDGES.some((edge) => Math.abs(code - edge) < 20),
)

tellWrong('F6', 'throws, by kind of close')

const closing = defineRoom({
  open: () => ({
    message: (peer, data) => {
      const [code, reason] = JSON.parse(String(data)) as [number, string]
      try {
        peer.close(code, reason)
      } catch (error) {
        peer.send(`refused: ${(error as Error).name}`)
      }
    },
  }),
})

const { open } = openWitnessed({ '/closing': { definition: closing } })

it('a close of the peer with any code is answered with it where it is valid, else with 1002', async () => {
  const isValid = (code: number) =>
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  const codes = CODES.values()
  const wrong: [number, number][] = []
  const mirror = async () => {
    for (const code of codes) {
      const peer = await open('/echo')
      await peer.write(closeFrame(code))
      const answer = await peer.closed()
      if (answer !== (isValid(code) ? code : 1002)) wrong.push([code, answer])
      peer.destroy()
    }
  }
  await Promise.all(Array.from({ length: 20 }, mirror))
  tell('F6', 'closes of a peer answered wrongly', `${wrong.length} of ${CODES.length}`)
  expect(wrong).toEqual([])
  const peer = await open('/echo')
  await peer.write(closeFrame())
  expect(await peer.closed()).toBe(1005)
  peer.destroy()
})

it('a close of ours never throws, whatever the code, and only with a code that may be sent', async () => {
  for (const code of [-1, 0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 5000, 65_536, 1e9]) {
    const peer = await open('/closing')
    await peer.write(frame(Op.text, JSON.stringify([code, ''])))
    const said = await peer.next()
    const isOurs = code === 1000 || (code >= 3000 && code <= 4999)
    if (isOurs) expect(peer.closeCode).toBe(code)
    else expect(said?.payload.toString()).toBe('refused: RangeError')
    peer.destroy()
  }
})

it.each(['x', 'é', '茶', '😀', 'e\u0301', '\ud800'])(
  'a close of ours with a reason of %j, however long, is cut between characters',
  async (char) => {
    for (const length of [0, 1, 2, 30, 31, 32, 40, 41, 42, 60, 61, 62, 121, 122, 123, 124, 125, 126, 127, 1000, 4096]) {
      const reason = char.repeat(length)
      const peer = await open('/closing')
      await peer.write(frame(Op.text, JSON.stringify([4000, reason])))
      const said = (await peer.next())?.payload.subarray(2) ?? Buffer.alloc(0)
      const text = new TextDecoder('utf-8', { fatal: true }).decode(said)
      expect(said.length).toBeLessThanOrEqual(123)
      expect(reason.toWellFormed().startsWith(text)).toBe(true)
      if (Buffer.byteLength(reason) <= 123) expect(text).toBe(reason.toWellFormed())
      peer.destroy()
    }
  },
)
