/**
 * A mount: a line of `rooms.json` made ready to open rooms from: its module loaded and checked, its options parsed, its
 * settings in the units the server counts in. `room-lines.ts` makes one of each line; `router.ts` and `rooms.ts` use it.
 */

import type { Definition, EventDefinition, RawDefinition } from '../define.ts'
import type { Rate } from '../token-bucket.ts'
import type { AuthConfig } from './auth-settings.ts'
import { isEventDefinition } from './definition-check.ts'
import type { Origins } from './listed-origin.ts'
import { patternParameters } from './paths.ts'
import type { RoomLine } from './schema.ts'

/** A room's `limits.json`. */
export interface JsonBounds {
  /** Levels of lists and objects within each other. */
  readonly depth: number
  /** Members of all objects together. */
  readonly members: number
}

/**
 * A message that comes in pieces smaller than this, as fragments or as packets, is an attack, not a message
 * (CVE-2026-48779): each piece costs some half a KiB until the message is whole.
 */
const MIN_PIECE_BYTES = 512
/** However small the payload limit: a ping, 131 bytes, may come byte by byte. */
const MIN_PIECES = 144

interface AnyMount {
  /** `/chat` or `/r/:name`, without the base path. */
  readonly pattern: string
  /** The module's name as written. */
  readonly module: string
  /** Absolute path of the module. */
  readonly file: string
  readonly title: string
  /** Parsed by the module's own schema; `undefined` where it has none. */
  readonly options: unknown
  /** The line with `defaults` put in, as JSON: a reload compares it. */
  readonly written: unknown
  readonly history: {
    readonly keep: number
    readonly maxAgeMs: number
    readonly replay: number
    readonly durable: boolean
  }
  readonly limits: {
    readonly peers: number
    readonly perAddress: number
    readonly payloadBytes: number
    readonly rate: Rate
    readonly abuse: number
    readonly json: JsonBounds
    readonly pieces: number
    readonly controls: number
    readonly batch: number
    readonly waiting: number
    readonly bufferedBytes: number
    readonly heartbeatMs: number
    readonly messageTimeoutMs: number
    readonly sendTimeoutMs: number
  }
  readonly origins: Origins
  readonly protocols: string[]
  readonly compression: boolean
  readonly auth: AuthConfig | undefined
  readonly idleAfterMs: number
  readonly rejoinWithinMs: number
  readonly instances: number
}

/** Which kind of room, and the module's definition of it. */
type Kind =
  | {
      readonly kind: 'event'
      /** The same object as long as the module's files are the same. */
      readonly definition: EventDefinition
    }
  | { readonly kind: 'raw'; readonly definition: RawDefinition }

/** A line of `rooms.json`: path pattern, definition, settings. */
export type Mount = AnyMount & Kind

/** Where a path leads. */
export interface Route {
  readonly mount: Mount
  readonly params: Record<string, string>
  /** The room's one path, however it was written: `/r/%74ea` and `/r/tea` are one room. */
  readonly path: string
}

/** What the module gives to a mount. */
export type Loaded = Pick<Mount, 'file' | 'definition' | 'options'>

/** A mount of a checked line (`written`: as it stood, with the defaults put in) and its loaded module. */
export function mountOf(pattern: string, settings: RoomLine, written: unknown, loaded: Loaded): Mount {
  const { module, title, history, limits, origins, protocols, compression, auth, idleAfter, rejoinWithin, instances } =
    settings
  return {
    pattern,
    module,
    ...loaded,
    ...kindOf(loaded.definition),
    title: title ?? titleOf(pattern, module),
    written,
    history: { keep: history.keep, maxAgeMs: history.maxAge, replay: history.replay, durable: history.durable },
    limits: limitsOf(limits),
    origins,
    protocols,
    compression,
    auth,
    idleAfterMs: idleAfter,
    rejoinWithinMs: rejoinWithin,
    instances,
  }
}

export function kindOf(definition: Definition): Kind {
  return isEventDefinition(definition) ? { kind: 'event', definition } : { kind: 'raw', definition }
}

function limitsOf({ payload, buffered, heartbeat, messageTimeout, sendTimeout, ...counts }: RoomLine['limits']) {
  return {
    ...counts,
    payloadBytes: payload,
    pieces: counts.pieces ?? Math.max(MIN_PIECES, Math.ceil(payload / MIN_PIECE_BYTES)),
    bufferedBytes: buffered,
    heartbeatMs: heartbeat,
    messageTimeoutMs: messageTimeout,
    sendTimeoutMs: sendTimeout,
  }
}

/** `/tutorial/chat-message` → `Chat message`; where the path ends in a parameter or is `/`, the module's name. */
export function titleOf(pattern: string, module: string): string {
  const words = pattern === '/' || patternParameters(pattern).length > 0 ? module : pattern
  const last = (words.split('/').at(-1) ?? '').replace(/\.[cm]?[jt]s$/, '').replaceAll(/[-_]+/g, ' ')
  return last.charAt(0).toUpperCase() + last.slice(1)
}
