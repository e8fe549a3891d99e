/** A stage for each test of a proxy: servers, a proxy before them, and all of it gone at the end. */
import { afterEach } from 'vitest'
import { selfSigned } from '../support/certificate.ts'
import { need } from '../support/components.ts'
import { BRIEF_DRAIN, type Setup, startServer, type TestServer } from '../support/server.ts'
import type { ProxyKind, ProxySetup, RunningProxy } from './proxy.ts'

export interface Scene {
  readonly proxy: RunningProxy
  readonly servers: readonly TestServer[]
  /** Where a client goes: `http://127.0.0.1:1234/sub`, by https where there is a certificate. */
  readonly url: string
  readonly ws: string
  /** Whom to believe. */
  readonly ca: string | undefined
}

export interface Play extends Omit<ProxySetup, 'servers' | 'tls'> {
  /** How many. */
  readonly servers?: number
  /** Where the proxy finds its servers; default: where they are. */
  readonly ports?: readonly number[]
  readonly isSecure?: boolean
  readonly setup?: Setup
}

export interface Stage {
  open(play?: Play): Promise<Scene>
  /** Ends what must not outlive its test. */
  defer(end: () => unknown): void
}

/** Call it inside a `describe`: where the program is missing its tests are skipped. */
export function stageOf(kind: ProxyKind): Stage {
  const program = need(kind.component)
  let ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    ends = []
  })
  return {
    defer: (end) => void ends.push(end),
    async open({ servers: count = 1, ports, isSecure = false, setup = {}, ...rest } = {}) {
      const { basePath = '' } = rest
      const env = { ...BRIEF_DRAIN, TRUST_PROXY: '127.0.0.1', BASE_PATH: basePath || '/', ...setup.env }
      const servers = await Promise.all(Array.from({ length: count }, () => startServer({ ...setup, env })))
      for (const server of servers) ends.push(() => server.close())
      const tls = isSecure ? selfSigned() : undefined
      const found = ports ?? servers.map(({ port }) => port)
      const proxy = await kind.start(program ?? '', { ...rest, servers: found, tls })
      ends.push(() => proxy.stop())
      const url = isSecure
        ? `https://127.0.0.1:${proxy.tlsPort}${basePath}`
        : `http://127.0.0.1:${proxy.port}${basePath}`
      return { proxy, servers, url, ws: url.replace(/^http/, 'ws'), ca: tls?.cert }
    },
  }
}
