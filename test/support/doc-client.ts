/** A stock y-websocket provider in this process: a document of Yjs, its text, and who is there. */
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

export interface DocClient extends Disposable {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly provider: WebsocketProvider
  /** The names in the awareness states of the others. */
  readonly names: () => unknown[]
}

/** `url`: of the line in `rooms.json`, `ws://host/doc`. `name`: its user's. */
export function docClient(url: string, room: string, name?: string): DocClient {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, room, doc, {
    // As in Node, where there is no other tab to talk to.
    WebSocketPolyfill: WebSocket as never,
    disableBc: true,
    maxBackoffTime: 200,
  })
  const { awareness } = provider
  awareness.setLocalState(name === undefined ? null : { name })
  return {
    doc,
    text: doc.getText('text'),
    provider,
    names: () => [...awareness.getStates()].flatMap(([id, state]) => (id === doc.clientID ? [] : [state.name])).sort(),
    [Symbol.dispose]: () => {
      provider.destroy()
      doc.destroy()
    },
  }
}
