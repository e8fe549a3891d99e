/**
 * The places that this node has in rooms of others, by their links: it hands what an owner says to the home of the room. A
 * place has a number of its own, so that what comes for an earlier one is dropped. `edge-room.ts` opens places.
 */
import type { LinkListener } from '../link.ts'
import type { ToEdge, ToOwner } from '../link-message.ts'
import type { OwnerLink } from './remote-home.ts'

/** A home at the owner of a link. */
export interface PlacedHome {
  heard(message: ToEdge): void
  cutOff(): void
}

export class Places {
  readonly #links = new Map<OwnerLink, Map<number, PlacedHome>>()
  #last = 0

  /** The edge's part of a link that this node has dialled. */
  dialled(link: OwnerLink): LinkListener {
    const homes = new Map<number, PlacedHome>()
    this.#links.set(link, homes)
    return {
      message(message) {
        if (isToEdge(message)) homes.get(message.place)?.heard(message)
      },
      over: () => {
        this.#links.delete(link)
        for (const home of [...homes.values()]) home.cutOff()
      },
    }
  }

  /** The number of a new place. */
  next(): number {
    this.#last += 1
    return this.#last
  }

  /** Hands what comes for a place to its home. `false`: the link is over. */
  add(link: OwnerLink, place: number, home: PlacedHome): boolean {
    const homes = link.isOver ? undefined : this.#links.get(link)
    homes?.set(place, home)
    return homes !== undefined
  }

  remove(link: OwnerLink, place: number): void {
    this.#links.get(link)?.delete(place)
  }
}

/** Owners send nothing else; a node of another version might. */
const FROM_OWNER: Readonly<Record<ToEdge['op'], true>> = {
  ...{ attached: true, refused: true, items: true, rest: true, close: true, drop: true, moving: true, over: true },
}

function isToEdge(message: ToOwner | ToEdge): message is ToEdge {
  return message.op in FROM_OWNER
}
