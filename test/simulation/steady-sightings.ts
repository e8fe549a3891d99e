/** A mistake: a node counts on for how long others stood still while it had no answer in time, or did not run itself. */
import type { NodeField } from '../../src/nodes/node-field.ts'
import { type BeatTimes, Sightings } from '../../src/nodes/sightings.ts'
import { all, replace } from './planted.ts'

/** Between two beats that nobody missed. */
const BEAT_MS = 1000

/** As if it had beaten all the time, and seen nothing new: while an answer was late, or in a pause. */
export function countsOn(when: 'late' | 'pause'): () => void {
  const last = new WeakMap<Sightings, { atMs: number; nodes: ReadonlyMap<string, NodeField> }>()
  const { answered } = Sightings.prototype
  const counted = replace(Sightings, 'answered', {
    value(this: Sightings, times: BeatTimes, nodes: ReadonlyMap<string, NodeField>): string[] {
      const { number, sentMs, answeredMs } = times
      const isLate = answeredMs - sentMs > BEAT_MS
      const before = last.get(this)
      const died: string[] = []
      last.set(this, { atMs: answeredMs, nodes })
      if (before && (when === 'late' || !isLate))
        for (let atMs = before.atMs + BEAT_MS; atMs < answeredMs; atMs += BEAT_MS)
          died.push(...answered.call(this, { number, sentMs: atMs, answeredMs: atMs }, before.nodes))
      const seen = when === 'late' ? { number, sentMs: answeredMs, answeredMs } : times
      return [...died, ...answered.call(this, seen, nodes)]
    },
  })
  // Else it would beat all the time for one that is dead already.
  return all(counted, replace(Sightings, 'nextDeathMs', { get: () => Number.POSITIVE_INFINITY }))
}
