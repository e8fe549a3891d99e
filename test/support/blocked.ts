/** A network that lets no WebSocket through, as the client of a test sees it. */
export class Blocked extends EventTarget {
  static tried = 0

  constructor() {
    super()
    Blocked.tried += 1
    queueMicrotask(() => this.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '' })))
  }

  send() {}
  close() {}
}
