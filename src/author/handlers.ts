/** The handlers of a room: what `open` returns. `room/handlers.ts` checks them when a room opens. */
import type { z } from 'zod'
import type { Notes, Peer, RawPeer } from './peer.ts'
import type { None, Schemas } from './schemas.ts'

export interface CommonHandlers<P> {
  /** A peer has joined. If this throws, the peer is refused: it is closed with 1008, and `leave` is not called. */
  join?(peer: P): unknown
  /** The peer's connection was lost (not closed). It may rejoin within `rejoinWithin`. */
  drop?(peer: P): unknown
  /** The peer has reconnected and got the kept events that it missed, but not the broadcasts. */
  rejoin?(peer: P): unknown
  /** The peer is no longer a member. Called once for every peer that `join` accepted. */
  leave?(peer: P): unknown
  /**
   * An alarm is due. `at`: when it was to be. One at a time, in the order of `at`; messages do not wait for it. If it
   * throws it is called again after 1 s, then 2 s and so on up to 5 min, until it succeeds or the alarm is deleted or
   * set anew.
   */
  alarm?(name: string, at: number): unknown
  /** The room closes. Called last, and awaited for 2 s at most. */
  close?(): unknown
}

/**
 * The handlers of an event room. They may be async. The messages of one peer are handled one after the other. Every
 * type in `receives` needs a handler: a missing one is a type error, and an error when the room opens. If a handler
 * throws a `RoomError`, the sender gets it. Any other error is logged, and the sender gets `internal`. A handler that
 * runs for more than 30 s is given up: what it publishes or sends later fails with `unavailable`.
 */
export type Handlers<R extends Schemas = Schemas, S extends Schemas = Schemas, D = Notes> = CommonHandlers<Peer<S, D>> &
  (keyof R extends never
    ? { receive?: None }
    : { receive: { [T in keyof R & string]: (peer: Peer<S, D>, data: z.output<R[T]>) => unknown } })

/** The handlers of a raw room. They may be async; errors are logged. */
export interface RawHandlers<D = Notes> extends CommonHandlers<RawPeer<D>> {
  /** A message has arrived: a text as a string, a binary message as bytes. */
  message?(peer: RawPeer<D>, data: string | Uint8Array): unknown
}

/**
 * Decides whether a request may enter, before the upgrade and for every read and post, after the token (if any) was
 * verified. `claims`: of the token, `undefined` without one. May be async, within 10 s.
 * A thrown `RoomError` refuses with 403 and its code and message. `false` refuses with 403 and no reason. Any other
 * result admits.
 */
export type Admit = (
  claims: Readonly<Record<string, unknown>> | undefined,
  request: {
    readonly path: string
    readonly params: Readonly<Record<string, string>>
    readonly query: URLSearchParams
  },
) => unknown
