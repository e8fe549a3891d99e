/** A node that ends sends the peers away whose rooms are on other nodes: in waves, each after its answers. */
import { expect, it } from 'vitest'
import { EdgeDismissal } from '../../src/nodes/edge/edge-dismissal.ts'
import { handClock } from '../../src/testing/hand-clock.ts'

const parts = { reason: () => ({ code: 1012, reason: 'restarting' }), withinMs: 1000, isOwnOnly: true }

function stage(count: number) {
  const clock = handClock()
  const gone: number[] = []
  const peers = Array.from({ length: count }, (_, at) => ({
    isOver: false,
    isQuiet: true,
    isRefused: false,
    refuseMore() {
      this.isRefused = true
    },
    dismiss() {
      this.isOver = true
      gone.push(at)
    },
  }))
  return { clock, gone, peers, dismissal: new EdgeDismissal({ clock, peers: () => peers }) }
}

it('ends so many at a time, each once', async () => {
  const { gone, dismissal } = stage(5)
  expect(dismissal.left()).toBe(5)
  const first = dismissal.dismiss({ ...parts, atMost: 3 })
  await first.gone
  expect([first.dismissed, gone, dismissal.left()]).toEqual([3, [0, 1, 2], 2])
  const second = dismissal.dismiss({ ...parts, atMost: 3 })
  await second.gone
  expect([second.dismissed, gone, dismissal.left()]).toEqual([2, [0, 1, 2, 3, 4], 0])
})

it('waits for answers, but not for ever', async () => {
  const { clock, gone, peers, dismissal } = stage(3)
  for (const peer of peers.slice(1)) peer.isQuiet = false
  const { gone: all } = dismissal.dismiss({ ...parts, atMost: 9 })
  expect(peers.map(({ isRefused }) => isRefused)).toEqual([false, true, true])
  await clock.advance(500)
  expect(gone).toEqual([0])
  for (const peer of peers.slice(1, 2)) peer.isQuiet = true
  await clock.advance(100)
  expect(gone).toEqual([0, 1])
  await clock.advance(500)
  await all
  expect(gone).toEqual([0, 1, 2])
})
