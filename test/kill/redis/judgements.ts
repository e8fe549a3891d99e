/** What is asked of what was seen of a room whose Redis failed. `stage.ts` asks it. */
import type { RedisContents } from '../../support/redis-contents.ts'
import type { Heard } from '../checker.ts'
import type { Try } from './speakers.ts'

export function ackedMs(tries: readonly Try[]): number {
  return tries.find(({ outcome }) => outcome === 'acked')?.endedMs ?? Infinity
}

export function isTold(heard: Heard): boolean {
  return heard.kind === 'reset' || (heard.kind === 'welcome' && heard.resumed === false)
}

/** What each heard after it was told for the last time that something is missing. */
export function sinceTold(heard: ReadonlyMap<string, readonly Heard[]>): Map<string, readonly Heard[]> {
  return new Map([...heard].map(([name, frames]) => [name, frames.slice(frames.findLastIndex(isTold) + 1)]))
}

/** The storage counts what the log holds; so does each event. */
export function* ofCounts({ events, storage }: RedisContents): Iterable<string> {
  const counts = new Map<string, number>()
  for (const { seq, data } of events) {
    const { text, count } = data as { text: string; count: number }
    const key = `count/${text.split(':')[0]}`
    const before = counts.get(key)
    if (before !== undefined && count !== before + 1) yield `fold: ${key} goes from ${before} to ${count} at ${seq}`
    counts.set(key, count)
  }
  for (const [key, count] of counts)
    if (storage.get(key) !== count) yield `storage: ${key} is ${storage.get(key)}, by the log ${count}`
}

export function longestGap(times: readonly number[] = []): number {
  return Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? time)))
}
