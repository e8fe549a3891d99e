/**
 * What a user of `corridor/client` sees, in types only: the options, the room, its events. `client.ts` imports it with
 * `import type`, so that at runtime, in `/client.js`, nothing of it is left.
 */
import type { z } from 'zod'
import type { Schemas } from '../define.ts'

/** What of a room's definition types its client: `connect<typeof chat>('/chat')`. */
export interface Speech {
  receives?: Schemas
  sends?: Schemas
}

type Receives<D extends Speech> = D extends { receives?: infer R extends Schemas } ? R : Record<never, never>
type Sends<D extends Speech> = D extends { sends?: infer S extends Schemas } ? S : Record<never, never>

/** An event of the room. Published ones have `seq` (1, 2, 3 …) and `time` (ms since 1970), passing ones have neither. */
export interface RoomEvent<T extends string = string, D = unknown> {
  readonly type: T
  readonly seq?: number
  readonly time?: number
  readonly data: D
}

/**
 * Events are missing between what came before and what comes now; an application that shows the log should clear it.
 * `reason`: `epoch`, `trimmed`, `truncated` or `ahead` as the server says, or `slow`: this reader fell `maxBuffer`
 * events behind. `first` and `seq`: the oldest event kept and the newest; history may follow, beginning anywhere.
 */
export interface Reset {
  readonly type: 'reset'
  readonly data: { readonly reason: string; readonly epoch: string; readonly first: number; readonly seq: number }
}

/** The server reports a problem that belongs to no message of ours. */
export interface Problem {
  readonly type: 'error'
  readonly data: {
    readonly code: string
    readonly message: string
    readonly issues?: readonly unknown[]
    readonly details?: unknown
  }
}

/** Every event a room of definition `D` brings. */
export type EventOf<D extends Speech> =
  | { [T in keyof Sends<D> & string]: RoomEvent<T, z.output<Sends<D>[T]>> }[keyof Sends<D> & string]
  | Reset
  | Problem

type EventMap<D extends Speech> = { [T in keyof Sends<D> & string]: RoomEvent<T, z.output<Sends<D>[T]>> } & {
  reset: Reset
  error: Problem
  '*': EventOf<D>
}

/** Data may be left out where the room's schema takes `undefined`. */
type DataOf<D extends Speech, T extends keyof Receives<D>> =
  undefined extends z.input<Receives<D>[T]> ? [data?: z.input<Receives<D>[T]>] : [data: z.input<Receives<D>[T]>]

/** The server's answer: handled, and what it published is kept as well as `kept` says. */
export interface Ack {
  readonly id: string
  readonly seq?: number
  readonly kept: 'memory' | 'os' | 'fsync' | 'replicated'
  /** It had been handled before: this was a resend. */
  readonly duplicate?: true
}

export type StateName = 'connecting' | 'open' | 'waiting' | 'closed'

/** Why the server did not let us in: the HTTP status, its code (`room_full`, `foreign_origin` …) and what it says. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  /** How long the server asks us to stay away. */
  readonly retryAfterMs?: number
}

/**
 * `retryAt` (ms since 1970) when `waiting`; `code` (a WebSocket's) and `reason` of the lost connection when `waiting` or
 * `closed`. If the server refused us, `status`, `code` and `message` are its refusal. They follow in a second change to
 * `waiting`, since the server is asked for them after the loss.
 */
export interface State {
  readonly state: StateName
  readonly retryAt?: number
  readonly code?: number | string
  readonly reason?: string
  readonly status?: number
  readonly message?: string
}

export interface Options {
  /** Display name, where the room has no auth. */
  name?: string
  /** Stable id of this client, scope of resends; at most one connection may use it at a time. Default: random. */
  client?: string
  /** Where to resume: the `offset` of an earlier room, with the `client` it had. */
  offset?: string
  /** Base of a path, as in `https://example.org/sub/`. Default in a browser: `document.baseURI`. */
  url?: string | URL
  /** For a room with auth; a function is asked before each connection. */
  token?: string | (() => string | Promise<string>)
  /** WebSocket subprotocols to offer. */
  protocols?: string[]
  /** Unanswered messages kept at most; one more is rejected with `queue_full`. Default 1000. */
  maxQueue?: number
  /** Events a slow `for await` may be behind; then they are dropped and it gets a `reset`. Default 1000. */
  maxBuffer?: number
  /**
   * Waits are random: up to `firstMs` (2000) after a loss and at each attempt within `soonMs` (10,000) of it, up to
   * `restartMs` (5000) if the server restarts, else up to `baseMs` (500) doubled at each attempt until `capMs` (30,000).
   */
  retry?: Partial<Retry>
  /** In place of the global one. */
  WebSocket?: new (
    url: string,
    protocols?: string[],
  ) => Pick<WebSocket, 'send' | 'close' | 'addEventListener'>
  /** In place of the global one, for where no WebSocket gets through. */
  fetch?: typeof fetch
  /** As `fetch` takes it; `include` for a room on another site whose token is a cookie. Default `same-origin`. */
  credentials?: RequestCredentials
}

export interface Retry {
  firstMs: number
  restartMs: number
  soonMs: number
  baseMs: number
  capMs: number
}

/** A room as its client has it. */
export interface ClientRoom<D extends Speech = Speech> extends AsyncIterable<EventOf<D>> {
  readonly state: StateName
  /** When the next attempt begins (ms since 1970), while `waiting`. */
  readonly retryAt: number | undefined
  /** Who we are in the room, once welcomed. */
  readonly you: { readonly id: string; readonly name: string } | undefined
  readonly client: string
  readonly epoch: string | undefined
  /** The token of the last event seen, to resume after it. */
  readonly offset: string | undefined
  /**
   * Says something. Resolves with the server's ack; queued while offline and sent again under the same id until
   * answered. Rejects with a `CorridorError`: the server's code, `queue_full`, `too_large`, or `closed`.
   * Messages keep their order, except that after `rate_limited` or `unavailable` those already on their way may overtake.
   */
  send<T extends keyof Receives<D> & string>(type: T, ...data: DataOf<D, T>): Promise<Ack>
  /** Calls `fn` with each event of this type (`'*'`: of every type) until the returned function is called. */
  on<T extends keyof EventMap<D> & string>(type: T, fn: (event: EventMap<D>[T]) => void): () => void
  /** Calls `fn` at each change of `state` until the returned function is called. */
  onState(fn: (change: State) => void): () => void
  /** Leaves. What is unanswered is rejected with `closed`; loops over the room end. */
  close(): void
  /** Events from this call on; each loop has its own bounded buffer (`maxBuffer`). Ends when the room is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<EventOf<D>>
}

/** A frame as the server sends it: an event, or an answer to the message `id`. */
export interface Frame extends RoomEvent {
  readonly id?: string
  readonly kept?: Ack['kept']
  readonly duplicate?: true
}

/** What stands beneath a client: one connection. What it hears it tells by `TransportEvents`. */
export interface Transport {
  send(text: string): void
  close(code: number, reason: string): void
}

export interface TransportEvents {
  /** A frame came: JSON text. */
  message(text: string): void
  /** The other side lives, and had nothing to say. */
  sign(): void
  /** The connection is gone, or never came about (then 1006, and why if the server said). */
  lost(code: number, reason: string, refusal?: Refusal): void
}
