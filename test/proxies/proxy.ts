/**
 * A proxy as the tests of `deploy/` run it: the real program with the files that ship, as a process of its own, on ports
 * and in a folder of the test. `nginx.ts`, `caddy.ts` and `haproxy.ts` start one each, `suite.ts` says what all must do.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Component } from '../support/components.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import type { Process } from '../support/process.ts'

export const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url))

export interface ProxySetup {
  /** Ports of the servers on 127.0.0.1. */
  readonly servers: readonly number[]
  /** `/sub`, or nothing. */
  readonly basePath?: string
  /** Certificate and key, PEM: then https is served too, and http only leads to it. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** The servers are nodes that share a Redis. */
  readonly areNodes?: boolean
  /** After a reload open WebSockets are closed at once instead of after some minutes. */
  readonly isHasty?: boolean
}

export interface RunningProxy {
  readonly port: number
  /** Where https is served, if it is. */
  readonly tlsPort: number
  readonly pid: number
  /** Reads the configuration again, as an operator does it. */
  reload(): Promise<void>
  /** What it wrote into its logs. */
  log(): string
  stop(): Promise<void>
}

export interface ProxyKind {
  readonly component: Component
  start(program: string, setup: ProxySetup): Promise<RunningProxy>
}

/** A folder of the proxy's own, readable for whom it becomes. */
export function ownFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'corridor-proxy-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports = await Promise.all(
    servers.map((server) => new Promise<number>((resolve) => server.once('listening', () => resolve(portOf(server))))),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Resolves when somebody listens on the port; rejects where the process ended instead. */
export async function listening(port: number, process: Process): Promise<void> {
  let hasEnded = false
  void process.exited.then(() => {
    hasEnded = true
  })
  const deadline = performance.now() + PATIENCE_MS
  while (!(await isOpen(port))) {
    if (hasEnded || performance.now() > deadline) {
      await process.stop()
      throw new Error(`expected a listener on port ${port}; ${process.stdout} ${process.stderr}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as AddressInfo).port
}
