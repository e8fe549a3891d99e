/** What a node knows of the others, as the test says it. */
import type { LogWarning } from '../../src/log/log.ts'
import type { NodeEntry, Roster } from '../../src/nodes/roster.ts'

export class MadeUpRoster implements Roster {
  readonly self: string
  readonly nodes = new Map<string, NodeEntry>()
  /** By their beats. */
  readonly dead = new Set<string>()
  /** Who does not answer through Redis. */
  readonly silent = new Set<string>()
  /** When they were last seen to beat. */
  readonly moved = new Map<string, number>()
  /** Who was asked. */
  readonly asked: string[] = []
  readonly announced: string[] = []
  readonly notes: string[] = []
  hasProof = true
  redisAgeMs = 0
  warnings: readonly LogWarning[] = []

  constructor(self: string, others: readonly string[]) {
    this.self = self
    for (const id of [self, ...others]) this.add(id)
  }

  add(id: string, isDraining = false): void {
    const said = { protocol: 1, startedMs: 1, configHash: '', modulesHash: '', version: '1', isDraining }
    this.nodes.set(id, { ...said, id, address: `${id}:1`, hears: true, cannotReach: [], knowsTime: true })
  }

  die(id: string): void {
    this.dead.add(id)
    this.nodes.delete(id)
  }

  readonly timeKnown = Promise.resolve()

  timeAt(): number {
    return 0
  }

  get(id: string): NodeEntry | undefined {
    return this.nodes.get(id)
  }

  all(): Iterable<NodeEntry> {
    return this.nodes.values()
  }

  isDead(id: string): boolean {
    return this.dead.has(id)
  }

  movedMs(id: string): number | undefined {
    return this.moved.get(id)
  }

  async answers(id: string): Promise<boolean> {
    this.asked.push(id)
    return !this.silent.has(id)
  }

  async leaveNote(id: string, path: string): Promise<void> {
    this.notes.push(`${id} ${path}`)
  }

  announce(path: string, owner: string, term: number): void {
    this.announced.push(`${path} ${owner} ${term}`)
  }

  heard(): void {}

  dialled(): void {}

  ended(): void {}
}
