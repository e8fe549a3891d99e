/** What a stock client has received, in a queue until the test asks for it. */
import { patiently } from '../support/patience.ts'

export type Message = string | Uint8Array

/** An event of a room, as the cases read it. */
export interface Said {
  readonly type: string
  readonly seq?: number
  readonly id?: string
  readonly data: {
    readonly text?: string
    readonly name?: string
    readonly code?: string
    readonly resumed?: boolean
    readonly epoch?: string
    readonly seq?: number
    readonly you?: { readonly name: string }
  }
}

export class Heard<T> {
  readonly all: T[] = []
  #taken = 0
  #wake = () => {}

  readonly push = (item: T): void => {
    this.all.push(item)
    this.#wake()
  }

  next(what: string): Promise<T> {
    return patiently(this.#next(), `${what}; heard ${JSON.stringify(this.all.slice(-10))}`)
  }

  async #next(): Promise<T> {
    for (;;) {
      const item = this.all[this.#taken]
      if (item !== undefined) {
        this.#taken += 1
        return item
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** The next event of this type; those before it are dropped. */
export async function nextOf(heard: Heard<Message>, type: string): Promise<Said> {
  for (;;) {
    const said: Said = JSON.parse(String(await heard.next(`event ${type}`)))
    if (said.type === type) return said
  }
}
