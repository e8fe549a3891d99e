/**
 * A relay carries the frames of a room to many wires at once: those of the peers whose connections another node holds. A
 * frame for all of them is given to it once. `relay-shard.ts` feeds it; frames for one peer alone go through its wire, which
 * passes them on in the same order.
 */
import type { Frame } from './frame.ts'
import type { Backlog } from './pressure.ts'

/** All calls, and what the wires of a relay send, take effect in their order. None may throw. */
export interface Relay {
  /** The bytes that wait to be carried, those of other relays on the same connection included. */
  readonly backlog: Backlog
  /** Sends a frame to every session that has entered, but `except`. */
  sendToAll(frame: Frame, except: number | undefined): void
  /** From here on the session hears what goes to all. */
  enter(session: number): void
  /** From here on it does not. Does nothing for one that has not entered. */
  leave(session: number): void
  /** Passes on what waits to be joined with more. */
  flush(): void
}

/** The place of a wire in its relay. */
export interface Relayed {
  readonly relay: Relay
  /** Its number there. */
  readonly session: number
}
