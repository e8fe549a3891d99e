/**
 * How many rooms each mount has open, and which of them are empty: for `instances`. A room that was opened for its
 * alarms alone does not count. `rooms.ts` tells it what becomes of each.
 */
import type { Mount } from '../config/mount.ts'
import type { Instance } from './instance.ts'

interface OfMount {
  count: number
  /** Empty rooms that wait to be closed, the longest empty first. */
  readonly empty: Set<Instance>
}

export class MountRooms {
  readonly #mounts = new Map<Mount, OfMount>()

  /** Whether one more would be too many. A static path is one room, which is never too many. */
  isFull(mount: Mount): boolean {
    return mount.pattern.includes(':') && (this.#mounts.get(mount)?.count ?? 0) >= mount.instances
  }

  longestEmpty(mount: Mount): Instance | undefined {
    return this.#mounts.get(mount)?.empty.values().next().value
  }

  count(instance: Instance): void {
    instance.isCounted = true
    this.#of(instance).count += 1
  }

  remove(instance: Instance): void {
    const { mount } = instance
    const ofMount = this.#of(instance)
    if (instance.isCounted) ofMount.count -= 1
    ofMount.empty.delete(instance)
    if (ofMount.count === 0) this.#mounts.delete(mount)
  }

  isEmpty(instance: Instance): void {
    if (instance.isCounted) this.#of(instance).empty.add(instance)
  }

  isInUse(instance: Instance): void {
    this.#mounts.get(instance.mount)?.empty.delete(instance)
  }

  #of({ mount }: Instance): OfMount {
    const ofMount = this.#mounts.get(mount) ?? { count: 0, empty: new Set() }
    this.#mounts.set(mount, ofMount)
    return ofMount
  }
}
