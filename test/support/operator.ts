/** The operator of a server under test: what its paths answer to the right token. */
import type { TestServer } from './server.ts'

export const ADMIN_TOKEN = 'a-token-of-the-operator-0123456789'

export interface RoomLine {
  room: string
  state: string
  [field: string]: unknown
}

export interface PeerLine {
  id: string
  connection: string
  [field: string]: unknown
}

export type RoomInFull = RoomLine & { peers: PeerLine[] }

/** `server`: the one of the running test. */
export function operatorOf(server: () => TestServer) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const get = async <T>(path: string): Promise<T> =>
    (await fetch(`${server().url}/admin/${path}`, { headers })).json() as Promise<T>
  return {
    get,
    list: (query = '') => get<{ rooms: RoomLine[]; next?: string }>(`rooms${query}`),
    look: (room: string) => get<RoomInFull>(`room?room=${encodeURIComponent(room)}`),
    /** Posts. Returns status and body. */
    async act(name: string, body: object): Promise<[number, Record<string, unknown>]> {
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await fetch(`${server().url}/admin/${name}`, init)
      return [answer.status, (await answer.json()) as Record<string, unknown>]
    },
  }
}
