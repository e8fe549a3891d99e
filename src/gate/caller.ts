/**
 * The caller: plain data, read once from a request; the gate and its checks take nothing else. It holds no request and no
 * socket, so that a packet of another transport, or another node, can be a caller too. `transports/caller-reader.ts` reads
 * one from HTTP.
 */

export interface Caller {
  /** The client's address in its canonical spelling, as reported by a trusted proxy if there is one. */
  readonly address: string
  /** Path and query, unparsed. */
  readonly target: string | undefined
  /** The `Host` header; `undefined` unless there is exactly one. */
  readonly host: string | undefined
  /** The host that the client asked for: as reported by a trusted proxy, or else `host`. */
  readonly askedHost: string | undefined
  /** The request reached a loopback address under a foreign host name, without a trusted proxy: possibly DNS rebinding. */
  readonly isRebound: boolean
  /** `true`: the client's connection is TLS. `undefined`: unknown, since an unknown proxy may have terminated TLS. */
  readonly isSecure: true | undefined
  /** The origin of the requesting page; a program has none. */
  readonly origin: string | undefined
  /** The `Authorization` header. */
  readonly authorization: string | undefined
  /** The `Cookie` header. */
  readonly cookie: string | undefined
  /** The offered subprotocols, in order of preference; one may carry a token. */
  readonly protocols: readonly string[]
  /** The request id set by a trusted proxy. */
  readonly requestId: string | undefined
}

/** The fields of a WebSocket handshake. */
export interface Handshake {
  readonly method: string | undefined
  readonly httpVersion: string
  readonly hasBody: boolean
  readonly version: string | undefined
  readonly key: string | undefined
}
