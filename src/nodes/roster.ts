/**
 * The seam to what this node knows of the others: who lives, and how to reach them. `beats.ts` keeps it by a beat a second
 * through Redis; links and ownership ask it.
 */
import type { LogWarning } from '../log/log.ts'
import type { NodeId } from './link-message.ts'
import type { DialFailure } from './network.ts'

export interface NodeEntry {
  readonly id: NodeId
  /** `host:port` of its links. */
  readonly address: string
  /** Of the links. */
  readonly protocol: number
  /** When it started, by Redis' time, ms since 1970. */
  readonly startedMs: number
  /** Hashes of its `rooms.json` and of its modules, so that differences are noticed. */
  readonly configHash: string
  readonly modulesHash: string
  /** Of Corridor. */
  readonly version: string
  /** It ends: no room is handed to it. */
  readonly isDraining: boolean
  /** It hears what is said to it through Redis at once, not with its next beat. */
  readonly hears: boolean
  /** It knows the time of all nodes. */
  readonly knowsTime: boolean
  /** Nodes that it could not dial though they live. */
  readonly cannotReach: readonly NodeId[]
}

export interface Roster {
  readonly self: NodeId
  /** The time of all nodes, at a moment of this process' monotonic clock, once it is known. */
  timeAt(monotonicMs: number): number
  readonly timeKnown: Promise<void>
  /** A node that has beaten and was not found dead. */
  get(id: NodeId): NodeEntry | undefined
  /** All that live, this one included. */
  all(): Iterable<NodeEntry>
  /**
   * Whether a node is dead for this observer: its counter has not moved for 10 s of own monotonic time in which own beats
   * were each answered within 1 s. A node that was never seen may have just started: it is dead once a beat that was sent
   * after this question does not show it; `died` is called then.
   */
  isDead(id: NodeId): boolean
  /** When it was last seen to beat, on this process' monotonic clock; `undefined`: it does not live. */
  movedMs(id: NodeId): number | undefined
  /** Asks a node through Redis, after its link was refused. `false`: no answer within 300 ms; its rooms may be taken. */
  answers(id: NodeId): Promise<boolean>
  /**
   * Leaves word for a node that one of its rooms is about to be taken, or was: it verifies that room now, and with each beat
   * for 15 s. Resolves when Redis has it.
   */
  leaveNote(id: NodeId, path: string): Promise<void>
  /** Tells all nodes where a room lives that has moved; a hint. */
  announce(path: string, owner: NodeId, term: number): void
  /**
   * Whether this node may speak for its rooms: Redis has answered a beat within 10 s, or is away for every other node too.
   * Asked where a message is taken, since after a freeze I/O runs before timers.
   */
  readonly hasProof: boolean
  /** How long ago Redis last answered a beat; a finite number also if it never has. */
  readonly redisAgeMs: number
  /** A linked node has said how long ago Redis last answered it. */
  heard(id: NodeId, redisAgeMs: number): void
  /** A linked node has said that it ends. */
  ended(id: NodeId): void
  /** A node was dialled; `undefined`: the link stands. */
  dialled(id: NodeId, failure: DialFailure | undefined): void
  /** What the operator should know: nodes that differ, or cannot be reached. */
  readonly warnings: readonly LogWarning[]
}

/** What `beats.ts` calls. */
export interface RosterEvents {
  /** A note, or a doubt: make sure that this room is still owned here. */
  verify(path: string): void
  /** Notes may have been lost with a state of Redis: make sure of every room that is open here. */
  verifyAll(): void
  /** Redis answers this node, which was without proof: it has it again when this resolves, every room having been made sure of. */
  regained(): Promise<void>
  /** `roster.announce` of another node. */
  moved(path: string, owner: NodeId, term: number): void
  /** A node was found dead, or has left. */
  died(id: NodeId): void
  /** This node alone has been cut off from Redis for 10 s: it gives its rooms up. Called once until Redis answers again. */
  cutOff(): void
  /**
   * A link to this node is needed: Redis is silent, and it may tell whether it is for it too; or it is not known whether it
   * can be reached. Called each second as long as it is so. `dialled` tells what came of it.
   */
  linkWanted(id: NodeId): void
}
