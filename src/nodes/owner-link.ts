/**
 * The link to the node where a room lives, for one question. A node that cannot be dialled is doubted, and the room is
 * looked for once more, since nothing was said there: it may be dead, and the room somebody else's by now.
 */
import { RoomError } from '../errors.ts'
import type { Link } from './link.ts'
import type { Links } from './links.ts'
import { DialError } from './network.ts'
import type { Ownership } from './ownership.ts'

const TRIES = 2

export interface OwnerLinkParts {
  readonly ownership: Pick<Ownership, 'find' | 'doubt'>
  readonly links: Pick<Links, 'to'>
}

/** `undefined`: the room is here, or is to be. Rejects with a `RoomError` `unavailable`. */
export async function linkToOwner({ ownership, links }: OwnerLinkParts, path: string): Promise<Link | undefined> {
  for (let tries = 1; ; tries += 1) {
    const home = await ownership.find(path)
    if (home.at === 'here') return undefined
    try {
      return await links.to(home.node)
    } catch (error) {
      if (error instanceof DialError) ownership.doubt(path, home.node, error.failure)
      if (tries === TRIES || !(error instanceof DialError)) throw unreached(error)
    }
  }
}

/** As it is told to who asks, without the address, which the log has; what is no `DialError` stays as it is. */
export function unreached(error: unknown): unknown {
  if (!(error instanceof DialError)) return error
  return new RoomError('unavailable', 'the node where the room lives cannot be reached now, try again later')
}
