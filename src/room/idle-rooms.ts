/** Closes each room that has been empty for long enough. `rooms.ts` tells it when one is in use, and when it may be empty. */
import type { Clock } from '../clock.ts'
import type { Instance } from './instance.ts'
import type { MountRooms } from './mount-rooms.ts'

export interface IdleRoomsParts {
  readonly clock: Clock
  readonly mounts: MountRooms
  /** Whether it is the room at its path. */
  readonly isCurrent: (instance: Instance) => boolean
  readonly close: (instance: Instance) => void
}

export class IdleRooms {
  readonly #parts: IdleRoomsParts

  constructor(parts: IdleRoomsParts) {
    this.#parts = parts
  }

  /** Closes the room after a while, if it is empty and nobody is about to join. */
  idle(instance: Instance): void {
    this.inUse(instance)
    const { clock, mounts, isCurrent, close } = this.#parts
    const { mount, room } = instance
    if (!isCurrent(instance)) return
    if (room.size > 0 || instance.expected > 0 || instance.held > 0 || !instance.isOpen) return
    mounts.isEmpty(instance)
    // One that was opened for its alarms alone has done its work.
    const ms = instance.isCounted ? mount.idleAfterMs : 0
    const cancel = clock.after(ms, () => {
      void room.alarms.idle().then(() => instance.cancelIdle === cancel && close(instance))
    })
    instance.cancelIdle = cancel
  }

  /** Keeps the room open until the returned function is called. `over`: when it has closed all the same. */
  hold(instance: Instance, over: () => void = () => {}): () => void {
    // A function of its own, which may be called twice.
    const whenOver = () => over()
    instance.whenOver.add(whenOver)
    instance.held += 1
    this.inUse(instance)
    return () => {
      if (!instance.whenOver.delete(whenOver)) return
      instance.held -= 1
      this.idle(instance)
    }
  }

  /** Somebody is in the room, or about to be. */
  inUse(instance: Instance): void {
    if (!instance.cancelIdle) return
    instance.cancelIdle()
    instance.cancelIdle = undefined
    this.#parts.mounts.isInUse(instance)
  }
}
