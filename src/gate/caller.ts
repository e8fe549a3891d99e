/**
 * Who asks: plain data, read once from a request, and all that the gate and its guards know of it. It holds no request
 * and no socket, so that a packet of another transport, or another node, can be a caller as well.
 * `transports/caller-reader.ts` reads one from HTTP.
 */

export interface Caller {
  /** The client's, as far as a proxy we trust tells; in one spelling. */
  readonly address: string
  /** Path and query, as they came. */
  readonly target: string | undefined
  /** The `Host` header; `undefined` where it did not come exactly once. */
  readonly host: string | undefined
  /** The host that the client asked for: what a proxy we trust says of it, or else `host`. */
  readonly askedHost: string | undefined
  /**
   * It reached an address of this machine alone under a name that anyone can lead there, and no proxy we trust stands
   * between.
   */
  readonly isRebound: boolean
  /** `true`: the client's connection is TLS. `undefined`: that is not known, since a proxy may have ended it unseen. */
  readonly isSecure: true | undefined
  /** The origin of the page that asks; a program has none. */
  readonly origin: string | undefined
  /** The `Authorization` header. */
  readonly authorization: string | undefined
  /** The `Cookie` header. */
  readonly cookie: string | undefined
  /** Subprotocols it offers, in its order; one of them may carry a token. */
  readonly protocols: readonly string[]
  /** What a proxy we trust calls the request. */
  readonly requestId: string | undefined
}

/** What an upgrade to a WebSocket says beside. */
export interface Handshake {
  readonly method: string | undefined
  readonly httpVersion: string
  readonly hasBody: boolean
  readonly version: string | undefined
  readonly key: string | undefined
}
