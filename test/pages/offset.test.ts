/** Where the console resumes: the position of the last event in the frames it saw. */
import { expect, it } from 'vitest'
import { Offset } from '../../public/offset.js'

const welcome = (epoch: string, seq: number, more: object = {}) => ({ type: 'welcome', data: { epoch, seq, ...more } })
const event = (seq: number) => ({ type: 'said', seq, time: 1, data: { epoch: 'other', seq: 99 } })
const place = (epoch: string, seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`

it.each([
  ['nothing before a welcome', [event(3)], undefined],
  ['the newest at a welcome', [welcome('E', 7)], place('E', 7)],
  ['an event of the replay', [welcome('E', 7), event(5)], place('E', 5)],
  ['the last event', [welcome('E', 7), event(7), event(8)], place('E', 8)],
  ['no answer to a message', [welcome('E', 7), { type: 'ack', id: 'a', seq: 9, kept: 'fsync' }], place('E', 7)],
  ['the same after a welcome that resumed', [welcome('E', 7), welcome('E', 9, { resumed: true })], place('E', 7)],
  ['the same in another epoch that went on', [welcome('E', 7), welcome('F', 9, { resumed: true })], place('F', 7)],
  [
    'the replay’s after a further welcome',
    [welcome('E', 7), welcome('F', 7, { resumed: true }), event(3)],
    place('F', 3),
  ],
  ['the new log after another epoch', [welcome('E', 7), welcome('F', 2, { resumed: false })], place('F', 2)],
  ['not beyond what a reset left', [welcome('E', 7), { type: 'reset', data: { epoch: 'E', seq: 4 } }], place('E', 4)],
  ['not ahead after a reset', [welcome('E', 7), { type: 'reset', data: { epoch: 'E', seq: 9 } }], place('E', 7)],
])('is %s', (_, frames, offset) => {
  const seen = new Offset()
  for (const frame of frames) seen.read(JSON.stringify(frame))
  for (const text of ['', 'no JSON', 'null', '[]', '7']) seen.read(text)
  expect(seen.offset).toBe(offset)
})
