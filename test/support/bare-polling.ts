/** Engine.IO by polling, by hand: each request is one `fetch`, with any body, and nothing is sent on its own. */

const SEPARATOR = '\x1e'

export interface Answered {
  readonly status: number
  readonly body: string
}

export class BarePolling {
  readonly sid: string
  readonly #url: string

  private constructor(url: string, sid: string) {
    this.#url = url
    this.sid = sid
  }

  /** Opens a session. `url`: the server's. */
  static async open(url: string, query = 'EIO=4'): Promise<BarePolling> {
    const base = `${url}/socket.io/?${query}&transport=polling`
    const { status, body } = await request(base)
    const sid = /"sid":"([^"]+)"/.exec(body)?.[1]
    if (status !== 200 || sid === undefined) throw new Error(`expected a session, got ${status} ${body}`)
    return new BarePolling(`${base}&sid=${sid}`, sid)
  }

  static async join(url: string, path: string): Promise<BarePolling> {
    const polling = await BarePolling.open(url)
    await polling.post(`40${path},`)
    for (;;) {
      const { status, body } = await polling.poll()
      if (status !== 200) throw new Error(`expected a welcome, got ${status} ${body}`)
      if (body.includes(`42${path},["welcome"`)) return polling
    }
  }

  /** Several packets go in one body. */
  post(...packets: string[]): Promise<Answered> {
    return this.send(packets.join(SEPARATOR))
  }

  send(body: string | Uint8Array, headers: Record<string, string> = { 'Content-Type': 'text/plain' }, more = '') {
    return request(this.#url + more, { method: 'POST', body: body as BodyInit, headers })
  }

  poll(more = '', headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Answered> {
    return request(this.#url + more, { headers, ...(signal && { signal }) })
  }

  /** Says that it is over, if the server does not know. */
  async close(): Promise<void> {
    await this.send(this.isOld ? '1:1' : '1').catch(() => undefined)
  }

  /** Whether it is of version 2. */
  get isOld(): boolean {
    return this.#url.includes('EIO=3')
  }

  /** Whether the server knows the session no more. */
  async isOver(): Promise<boolean> {
    return (await this.post('3')).status !== 200
  }
}

export async function request(url: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url, init)
  return { status: response.status, body: await response.text() }
}
