/** The stock client of Socket.IO as the tests use it: what it hears waits in a queue, and it comes back soon. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { Heard } from './heard.ts'

export type Options = Partial<ManagerOptions & SocketOptions>

/** What an ack answers. */
export interface Answer {
  readonly ok: boolean
  readonly seq?: number
  readonly kept?: string
  readonly duplicate?: boolean
  readonly code?: string
  readonly message?: string
  readonly issues?: readonly unknown[]
  readonly details?: unknown
}

/** What a `connect_error` of a refusal carries. */
export interface RefusalData {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly retryAfterMs?: number
}

export class Visit {
  readonly socket: Socket
  readonly heard = new Heard<[type: string, ...args: unknown[]]>()
  readonly refusals = new Heard<RefusalData | string>()
  readonly ends = new Heard<string>()

  constructor(url: string, options: Options = {}) {
    this.socket = io(url, { reconnectionDelay: 20, reconnectionDelayMax: 50, forceNew: true, ...options })
    this.socket.onAny((type: string, ...args: unknown[]) => this.heard.push([type, ...args]))
    this.socket.on('connect_error', (error) => this.refusals.push('data' in error ? error.data : error.message))
    this.socket.on('disconnect', (reason) => this.ends.push(reason))
  }

  /** The arguments of the next event of this type; those before it are dropped. */
  async next(type: string): Promise<unknown[]> {
    for (;;) {
      const [heard, ...args] = await this.heard.next(`event ${type}`)
      if (heard === type) return args
    }
  }

  say(type: string, ...args: unknown[]): Promise<Answer> {
    return this.socket.emitWithAck(type, ...args)
  }
}
