/**
 * Where a room lives, told by other nodes, while Redis does not answer this one: so a node that alone is cut off from it
 * is an edge still. `owners.ts` asks; who owns a room is decided in Redis all the same. Where Redis is away for all, nobody can
 * tell, and `edge/home-finder.ts` asks the node where the room was to let its peers in.
 */
import { z } from 'zod'
import type { Link } from './link.ts'
import type { NodeId } from './link-message.ts'
import type { Home, Ownership } from './ownership.ts'
import type { Questions } from './questions.ts'
import type { Roster } from './roster.ts'

const QUESTION = 'home'
/** Whom Redis has answered so lately may tell. */
const FRESH_MS = 2500

const ASKED = z.string()
const TOLD = z.object({ node: z.string(), term: z.int().min(0) }).optional()
type Told = z.output<typeof TOLD>

/** Tells other nodes where a room lives, as far as Redis answers this one. */
export function tellHomes(
  questions: Questions,
  roster: Pick<Roster, 'self' | 'redisAgeMs'>,
  ownership: Pick<Ownership, 'find' | 'termOf'>,
): void {
  questions.answer(QUESTION, ASKED, async (path): Promise<Told> => {
    if (roster.redisAgeMs > FRESH_MS) return undefined
    const home = await ownership.find(path)
    if (home.at === 'there') return { node: home.node, term: home.term }
    return { node: roster.self, term: ownership.termOf(path) }
  })
}

/** `undefined`: nobody knows, or it is said to be here, which only Redis can say. */
export async function toldHome(links: Iterable<Link>, self: NodeId, path: string): Promise<Home | undefined> {
  // All at once: one may be frozen.
  const asked = [...links].map(async (link): Promise<Home> => {
    const told = await link.ask(QUESTION, TOLD, path)
    if (!told || told.node === self) throw new Error('expected it to know')
    return { at: 'there', node: told.node, term: told.term }
  })
  return Promise.any(asked).catch(() => undefined)
}
