/**
 * What ends with a link: requests that were handed on to its node, which nobody would end if that node does not run any
 * more. One listener for each link, however many there are. `handing-on.ts` adds them.
 */
import type { Link } from './link.ts'

export class InFlight {
  readonly #ends = new WeakMap<Link, Set<() => void>>()

  /** Calls `end` when the link is over, unless the returned function is called before. */
  add(link: Link, end: () => void): () => void {
    const ends = this.#ends.get(link) ?? this.#watch(link)
    ends.add(end)
    return () => void ends.delete(end)
  }

  #watch(link: Link): Set<() => void> {
    const ends = new Set<() => void>()
    this.#ends.set(link, ends)
    void link.whenOver.then(() => {
      for (const end of ends) end()
    })
    return ends
  }
}
