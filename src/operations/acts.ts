/**
 * The acts of the operator on one room, by name, each run on the node where the room lives. `admin-routes.ts` asks for
 * them; `admin.ts` and `overview.ts` do them here.
 */
import type { Admin } from './admin.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { Overview } from './overview.ts'

/** What each act is given; `room`: its path. */
export interface Asked {
  room: { room: string }
  kick: { room: string; id?: string | undefined; connection?: string | undefined; reason?: string | undefined }
  restart: { room: string }
  'clear-history': { room: string }
  redact: { room: string; seq: number }
  erase: { room: string }
  say: { room: string; type: string; data?: unknown; id?: string | undefined }
}

export type ActName = keyof Asked

type Table = { readonly [A in ActName]: (asked: Asked[A]) => unknown }

export class Acts {
  readonly #admin: Pick<Admin, 'route'>
  readonly #elsewhere: Elsewhere | undefined
  readonly #table: Table

  constructor(admin: Admin, overview: Overview, elsewhere?: Elsewhere) {
    this.#admin = admin
    this.#elsewhere = elsewhere
    this.#table = {
      room: ({ room }) => overview.room(admin.route(room)),
      kick: ({ room, id, connection = '', reason }) => ({
        kicked: admin.kick(room, id === undefined ? { connection } : { id }, reason),
      }),
      restart: async ({ room }) => ({ restarted: await admin.restart(room) }),
      'clear-history': ({ room }) => admin.forget(room),
      redact: ({ room, seq }) => admin.forget(room, seq),
      erase: async ({ room }) => ({ erased: await admin.erase(room) }),
      say: ({ room, type, data, id }) => admin.say(room, { type, data, id }),
    }
  }

  /** Runs an act where the room lives. Rejects with a `RoomError` or a `Refusal`. */
  async run<A extends ActName>(act: A, asked: Asked[A]): Promise<unknown> {
    const { path } = this.#admin.route(asked.room)
    const there = await this.#elsewhere?.run(path, act, asked)
    return there ? there.answer : this.here(act, asked)
  }

  /** Runs an act on this node. */
  async here<A extends ActName>(act: A, asked: Asked[A]): Promise<unknown> {
    return this.#table[act](asked)
  }
}
