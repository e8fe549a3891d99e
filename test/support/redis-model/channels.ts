/** Who hears what is published in a model: it goes to those who hear it now, and is kept for nobody. */

/** `channel` and `message` as bytes. */
export type Heard = (channel: string, message: string) => void

export class Channels {
  readonly #heard = new Map<Heard, ReadonlySet<string>>()

  hear(channels: Iterable<string>, heard: Heard): void {
    this.#heard.set(heard, new Set(channels))
  }

  leave(heard: Heard): void {
    this.#heard.delete(heard)
  }

  /** Nobody hears anything any more, and does not know. */
  clear(): void {
    this.#heard.clear()
  }

  /** Returns to how many it went. */
  publish(channel: string, message: string): number {
    const hearing = [...this.#heard].filter(([, channels]) => channels.has(channel))
    for (const [heard] of hearing) heard(channel, message)
    return hearing.length
  }
}
