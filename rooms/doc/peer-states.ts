/**
 * The awareness states of a document: one for each client id of Yjs, such as a name and a cursor. A state belongs to the
 * peer that sent it last and goes with it. `../doc.ts` hands it what peers send.
 */
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  modifyAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import { Doc } from 'yjs'

/** States of one peer; characters of a state; client ids that are remembered. */
const MOST = { states: 100, length: 4096, ids: 10_000 }

export class PeerStates<P extends object> {
  readonly #awareness = new Awareness(new Doc())
  readonly #idsOf = new Map<P, Set<number>>()

  /** `changed`: called with each update for all peers, its sender too: providers wait for the echo. */
  constructor(changed: (update: Uint8Array) => void) {
    // Ends its timer: a state does not go by time, but with its peer.
    this.#awareness.destroy()
    this.#awareness.on(
      'update',
      ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>, peer: P) => {
        this.#own(peer, [...added, ...updated])
        changed(this.#update([...added, ...updated, ...removed]))
      },
    )
  }

  /** An update with all states. */
  get all(): Uint8Array {
    return this.#update([...this.#awareness.states.keys()])
  }

  /** An update that changes nothing. */
  get none(): Uint8Array {
    return this.#update([])
  }

  /** Throws if it is no awareness update, or too much. */
  apply(peer: P, update: Uint8Array): void {
    applyAwarenessUpdate(this.#awareness, modifyAwarenessUpdate(update, checkedState), peer)
    const count = this.#idsOf.get(peer)?.size ?? 0
    if (count > MOST.states) throw new RangeError(`expected at most ${MOST.states} states of a peer, got ${count}`)
  }

  /** Removes the states of a peer that is gone. */
  remove(peer: P): void {
    const { meta, states } = this.#awareness
    removeAwarenessStates(this.#awareness, [...(this.#idsOf.get(peer) ?? [])], peer)
    this.#idsOf.delete(peer)
    // The clocks of those that are gone, the oldest first.
    for (const id of meta.keys()) {
      if (meta.size <= MOST.ids) return
      if (!states.has(id)) meta.delete(id)
    }
  }

  #own(peer: P, ids: readonly number[]): void {
    if (ids.length === 0) return
    const own = this.#idsOf.get(peer) ?? new Set()
    for (const id of ids) {
      for (const others of this.#idsOf.values()) others.delete(id)
      own.add(id)
    }
    this.#idsOf.set(peer, own)
  }

  #update(ids: number[]): Uint8Array {
    return encodeAwarenessUpdate(this.#awareness, ids)
  }
}

function checkedState(state: unknown): unknown {
  const length = JSON.stringify(state).length
  if (typeof state !== 'object' || length > MOST.length)
    throw new RangeError(`expected a state of up to ${MOST.length} characters, got ${length}`)
  return state
}
