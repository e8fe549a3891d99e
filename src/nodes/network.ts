/**
 * The seam between nodes and what connects them. `link-network.ts` does it over TCP; a simulation passes messages on.
 */
import type { LinkMessage, NodeId } from './link-message.ts'

/** One end of a connection between two nodes. Messages arrive whole, in order, each once, or the connection is over. */
export interface Channel {
  /** The other node; it has proved that it belongs to the same Redis. */
  readonly node: NodeId
  /** Sends a message; those of one turn go out together. Does nothing once the channel is over. */
  send(message: LinkMessage): void
  /** Bytes that the network has not taken yet. */
  readonly waitingBytes: number
  /** Ends it; `closed` is called on both ends. */
  close(): void
}

/** Called by a channel, never within a call to it, and never before the function that returned it has. */
export interface ChannelEvents {
  message(message: LinkMessage): void
  /** Nothing comes any more. Called once. `mistake`: the other node has said what cannot be read. */
  closed(reason: string, mistake?: Error): void
}

export type DialFailure =
  /** Nobody listens there, or another node does: a hint that the node is dead, not a proof. */
  | 'refused'
  /** No answer, a network that is down, a proof that fails. */
  | 'unreachable'

export class DialError extends Error {
  readonly failure: DialFailure

  constructor(failure: DialFailure, message: string) {
    super(message)
    this.failure = failure
  }
}

export interface Network {
  /** Begins to accept. Rejects if it cannot listen. Resolves with the address under which other nodes reach this one (`host:port`). */
  listen(accept: (channel: Channel) => ChannelEvents): Promise<string>
  /** Connects to a node, and calls `opened`. Rejects with a `DialError`, within 5 s. */
  dial(address: string, node: NodeId, opened: (channel: Channel) => ChannelEvents): Promise<void>
  /** Ends all channels, and accepts no more. */
  close(): Promise<void>
}
