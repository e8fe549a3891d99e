/** The WebSocket servers of all mounts, each made with its first upgrade. `upgrade.ts` asks for them. */
import type { Mount } from '../../config/mount.ts'
import type { Tally } from '../../tally.ts'
import { WebSocketUpgrades, type WebSocketUpgradesParts } from './websocket.ts'

interface Parts extends Omit<WebSocketUpgradesParts, 'tally'> {
  readonly tallyOf: (pattern: string) => Tally
}

export class MountUpgrades {
  readonly #parts: Parts
  readonly #upgrades = new Map<Mount, WebSocketUpgrades>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  of(mount: Mount): WebSocketUpgrades {
    const known = this.#upgrades.get(mount)
    if (known) return known
    const made = new WebSocketUpgrades(mount, { ...this.#parts, tally: this.#parts.tallyOf(mount.pattern) })
    this.#upgrades.set(mount, made)
    return made
  }

  /** Lets go of those of other mounts, to which no upgrade comes any more. */
  keep(mounts: readonly Mount[]): void {
    for (const mount of this.#upgrades.keys()) if (!mounts.includes(mount)) this.#upgrades.delete(mount)
  }
}
