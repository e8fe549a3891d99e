/**
 * A mount: a line of `rooms.json` from which rooms can be opened, with its module loaded and checked, its options
 * parsed, and its settings in the server's units. `room-lines.ts` makes one of each line; `router.ts` and `rooms.ts`
 * use it.
 */

import type { Definition, EventDefinition, RawDefinition } from '../define.ts'
import type { Localized } from '../localized.ts'
import type { Rate } from '../token-bucket.ts'
import type { AuthConfig } from './auth-settings.ts'
import { isEventDefinition } from './definition-check.ts'
import type { Origins } from './listed-origin.ts'
import { patternParameters } from './paths.ts'
import type { RoomLine } from './schema.ts'

/** A room's `limits.json`. */
export interface JsonBounds {
  /** The most levels of nested lists and objects. */
  readonly depth: number
  /** The most members of all objects together. */
  readonly members: number
}

/**
 * A message in smaller pieces, fragments or packets, is an attack (CVE-2026-48779): each piece costs about half a KiB
 * until the message is complete.
 */
const MIN_PIECE_BYTES = 512
/** A lower bound, since a ping (131 bytes) may come byte by byte. */
const MIN_PIECES = 144

interface AnyMount {
  /** `/chat` or `/r/:name`, without the base path. */
  readonly pattern: string
  /** The module's name as written. */
  readonly module: string
  /** Absolute path of the module. */
  readonly file: string
  readonly title: Localized
  /** Absolute path of the page that browsers get in place of the server's. */
  readonly page: string | undefined
  /** Parsed by the module's own schema; `undefined` if it has none. */
  readonly options: unknown
  /** The line merged with `defaults`, as JSON: a reload compares it. */
  readonly written: unknown
  readonly history: {
    readonly keep: number
    readonly maxAgeMs: number
    readonly replay: number
    readonly durable: boolean
    /** `limits.ids` and the mount's `forgetAfterMs`, for the log. */
    readonly ids: number
    readonly forgetAfterMs: number | undefined
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
    readonly storageBytes: number
    readonly ids: number
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
  /** `undefined`: never. */
  readonly forgetAfterMs: number | undefined
  readonly instances: number
}

/** Which kind of room, and the module's definition of it. */
type Kind =
  | {
      readonly kind: 'event'
      /** The same object as long as the module's files do not change. */
      readonly definition: EventDefinition
    }
  | { readonly kind: 'raw'; readonly definition: RawDefinition }

/** A line of `rooms.json`: path pattern, definition, settings. */
export type Mount = AnyMount & Kind

/** The mount of a path. */
export interface Route {
  readonly mount: Mount
  readonly params: Record<string, string>
  /** The room's path in its one spelling: `/r/%74ea` and `/r/tea` are one room. */
  readonly path: string
}

/** The parts of a mount that come from its module. */
export type ModuleParts = Pick<Mount, 'file' | 'definition' | 'options' | 'page'>

/** A mount of a checked line (`written`: the line merged with the defaults) and its loaded module. */
export function mountOf(pattern: string, settings: RoomLine, written: unknown, loaded: ModuleParts): Mount {
  const { module, title, history, limits, origins, protocols, compression, auth, instances } = settings
  const forgetAfter = settings.forgetAfter === 'never' ? undefined : settings.forgetAfter
  return {
    pattern,
    module,
    ...loaded,
    ...kindOf(loaded.definition),
    title: title ?? titleOf(pattern, module),
    written,
    history: {
      keep: history.keep,
      maxAgeMs: history.maxAge,
      replay: history.replay,
      durable: history.durable,
      ids: limits.ids,
      forgetAfterMs: forgetAfter,
    },
    limits: limitsOf(limits),
    origins,
    protocols,
    compression,
    auth,
    idleAfterMs: settings.idleAfter,
    rejoinWithinMs: settings.rejoinWithin,
    forgetAfterMs: forgetAfter,
    instances,
  }
}

export function kindOf(definition: Definition): Kind {
  return isEventDefinition(definition) ? { kind: 'event', definition } : { kind: 'raw', definition }
}

function limitsOf({
  payload,
  storage,
  buffered,
  heartbeat,
  messageTimeout,
  sendTimeout,
  ...counts
}: RoomLine['limits']) {
  return {
    ...counts,
    payloadBytes: payload,
    pieces: counts.pieces ?? Math.max(MIN_PIECES, Math.ceil(payload / MIN_PIECE_BYTES)),
    storageBytes: storage,
    bufferedBytes: buffered,
    heartbeatMs: heartbeat,
    messageTimeoutMs: messageTimeout,
    sendTimeoutMs: sendTimeout,
  }
}

/** `/tutorial/chat-message` → `Chat message`; made of the module's name if the path has parameters or is `/`. */
export function titleOf(pattern: string, module: string): string {
  const words = pattern === '/' || patternParameters(pattern).length > 0 ? module : pattern
  const last = (words.split('/').at(-1) ?? '').replace(/\.[cm]?[jt]s$/, '').replaceAll(/[-_]+/g, ' ')
  return last.charAt(0).toUpperCase() + last.slice(1)
}
