/**
 * The public types of `corridor/client`: the options, the room, its events; and the seam to its transports. Types only, so
 * nothing of this file remains at runtime.
 */
import type { z } from 'zod'
import type { Schemas } from '../define.ts'

/** The part of a room definition that types its client: `connect<typeof chat>('/chat')`. */
export interface EventTypes {
  receives?: Schemas
  sends?: Schemas
}

type Receives<D extends EventTypes> = D extends { receives?: infer R extends Schemas } ? R : Record<never, never>
type Sends<D extends EventTypes> = D extends { sends?: infer S extends Schemas } ? S : Record<never, never>

/** An event of the room. Published events have `seq` and `time`; broadcast ones and those to one peer have neither. */
export interface RoomEvent<T extends string = string, D = unknown> {
  readonly type: T
  /** Its number in the room's log: 1, 2, 3 … */
  readonly seq?: number
  /** When it was published (ms since 1970). */
  readonly time?: number
  readonly data: D
}

/**
 * Events are missing between the previous event and the next one. An application that shows the log should clear it.
 * Replayed events may follow, from any `seq` on.
 */
export interface Reset {
  readonly type: 'reset'
  readonly data: {
    /** The server's reason: `epoch`, `trimmed`, `truncated` or `ahead`; or `slow` if a `for await` loop fell behind. */
    readonly reason: string
    readonly epoch: string
    /** `seq` of the oldest event the log keeps. */
    readonly first: number
    /** `seq` of the newest event. */
    readonly seq: number
  }
}

/** An error from the server that answers none of our messages. */
export interface Problem {
  readonly type: 'error'
  readonly data: {
    readonly code: string
    readonly message: string
    /** Schema errors of a message with code `invalid`. */
    readonly issues?: readonly unknown[]
    /** Details that the room module added. */
    readonly details?: unknown
  }
}

/** Every event of a room with the definition `D`. */
export type EventOf<D extends EventTypes> =
  | { [T in keyof Sends<D> & string]: RoomEvent<T, z.output<Sends<D>[T]>> }[keyof Sends<D> & string]
  | Reset
  | Problem

type EventMap<D extends EventTypes> = { [T in keyof Sends<D> & string]: RoomEvent<T, z.output<Sends<D>[T]>> } & {
  reset: Reset
  error: Problem
  '*': EventOf<D>
}

/** Data is optional if the room's schema accepts `undefined`. */
type DataOf<D extends EventTypes, T extends keyof Receives<D>> =
  undefined extends z.input<Receives<D>[T]> ? [data?: z.input<Receives<D>[T]>] : [data: z.input<Receives<D>[T]>]

/** The server's answer to a message: it was handled, and the events it published are kept. */
export interface Ack {
  /** The id the client gave the message. */
  readonly id: string
  /** `seq` of the event it published, if it published one. */
  readonly seq?: number
  /** How durably these events are kept; `fsync`: on disk. */
  readonly kept: 'memory' | 'os' | 'fsync' | 'replicated'
  /** The message was a resend and had been handled before; it was not handled again. */
  readonly duplicate?: true
}

export type StateName = 'connecting' | 'open' | 'waiting' | 'closed'

/** Why the server did not admit us. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number
  /** The server's error code, such as `room_full` or `foreign_origin`; `http` if a proxy answered without one. */
  readonly code: string
  readonly message: string
  /** The delay the server asks for (`Retry-After`), in ms. */
  readonly retryAfterMs?: number
}

/**
 * A change of a room's state. If the server refused us, `status`, `code` and `message` are its refusal. Over a WebSocket
 * they follow in a second change to `waiting`, because the client asks for them after the loss.
 */
export interface State {
  readonly state: StateName
  /** If `waiting`: when the next attempt begins (ms since 1970). */
  readonly retryAt?: number
  /** If `waiting` or `closed`: the WebSocket close code of the lost connection, or the code of the refusal. */
  readonly code?: number | string
  /** If `waiting` or `closed`: the close reason, or the message of the refusal. */
  readonly reason?: string
  /** The HTTP status of the refusal. */
  readonly status?: number
  /** The message of the refusal. */
  readonly message?: string
}

export interface Options {
  /** Display name for a room without auth. */
  name?: string
  /** Stable id of this client; resends are recognised by it. One connection at a time may use it. Default: random. */
  client?: string
  /** Resumes after this event: the `offset` of an earlier `ClientRoom`, used with its `client`. */
  offset?: string
  /** Base URL of a path, such as `https://example.org/sub/`. Default in a browser: `document.baseURI`. */
  url?: string | URL
  /**
   * Token for a room with auth. A function is called before each connection, and again before a token ends: then the
   * client changes to a connection with the new token, and the room sees no leave.
   */
  token?: string | (() => string | Promise<string>)
  /** WebSocket subprotocols to offer. */
  protocols?: string[]
  /** Unanswered messages at most; a further `send` rejects with `queue_full`. Default 1000. */
  maxQueue?: number
  /** Events buffered for a `for await` loop at most; then they are dropped and it gets a `reset`. Default 1000. */
  maxBuffer?: number
  /** Delays between attempts, in ms; missing ones keep their default. */
  retry?: Partial<Retry>
  /** Replaces the global `WebSocket`. */
  WebSocket?: new (
    url: string,
    protocols?: string[],
  ) => Pick<WebSocket, 'send' | 'close' | 'addEventListener'>
  /** Replaces the global `fetch`, which is used if no WebSocket gets through. */
  fetch?: typeof fetch
  /** As in `fetch`: `include` for a room on another site whose token is a cookie. Default `same-origin`. */
  credentials?: RequestCredentials
}

/** Delays between attempts, in ms. Each delay is random, up to the bound named here. */
export interface Retry {
  /** Bound after a loss, and for each attempt within `soonMs` of it. Default 2000. */
  firstMs: number
  /** The same if the server restarts (close code 1012). Default 5000. */
  restartMs: number
  /** How long after a loss the delays do not grow. Default 10,000. */
  soonMs: number
  /** First bound after that; it doubles with each attempt. Default 500. */
  baseMs: number
  /** Largest bound. Default 30,000. */
  capMs: number
}

/** A room that the client has joined, or is joining. */
export interface ClientRoom<D extends EventTypes = EventTypes> extends AsyncIterable<EventOf<D>> {
  readonly state: StateName
  /** When the next attempt begins (ms since 1970), if `waiting`. */
  readonly retryAt: number | undefined
  /** Our id and name in the room, from the first welcome on. */
  readonly you: { readonly id: string; readonly name: string } | undefined
  /** The client id in use. */
  readonly client: string
  /** The epoch of the room's log, from the first welcome on. */
  readonly epoch: string | undefined
  /** The position after the last event seen; pass it as the option `offset` to resume there. */
  readonly offset: string | undefined
  /**
   * Sends a message. It is queued while offline, and sent again under the same id until the server answers. Resolves with
   * the server's ack. Rejects with a `CorridorError`, whose code is the server's, `queue_full`, `too_large` or `closed`.
   * Messages keep their order. But if one gets `rate_limited` or `unavailable`, those in flight may be handled before it.
   */
  send<T extends keyof Receives<D> & string>(type: T, ...data: DataOf<D, T>): Promise<Ack>
  /** Calls `fn` with each event of this type (`'*'`: every type). Returns a function that stops it. */
  on<T extends keyof EventMap<D> & string>(type: T, fn: (event: EventMap<D>[T]) => void): () => void
  /** Calls `fn` at each change of `state`. Returns a function that stops it. */
  onState(fn: (change: State) => void): () => void
  /** Leaves the room. Unanswered messages reject with `closed`, and loops over the room end. */
  close(): void
  /** Iterates over the events from now on, with a bounded buffer for each loop (`maxBuffer`). Ends if the room is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<EventOf<D>>
}

/** A frame from the server: an event, or the answer to the message `id`. */
export interface ServerFrame extends RoomEvent {
  readonly id?: string
  readonly kept?: Ack['kept']
  readonly duplicate?: true
}

/** One connection of a client. It reports what it receives by `TransportEvents`. */
export interface Transport {
  send(text: string): void
  close(code: number, reason: string): void
}

export interface TransportEvents {
  /** A frame was received: JSON text. */
  message(text: string): void
  /** Something was received, not necessarily a frame. */
  activity(): void
  /** The connection was lost, or could not be opened (then 1006, with the server's refusal if there is one). */
  lost(code: number, reason: string, refusal?: Refusal): void
}
