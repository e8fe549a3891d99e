/** How ioredis is told to connect. `connection.ts` uses it. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { ClusterOptions, RedisOptions } from 'ioredis'

import type { HostPort, RedisAddress, TlsFiles } from './address.ts'

/** Between two tries to connect. */
const RETRY_MS = 100
const MAX_RETRY_MS = 500
/** A try that takes longer is given up. */
const CONNECT_MS = 2000
/** A connection on which nothing comes for so long, though something was asked, is destroyed. */
const SILENT_MS = 10_000

/** How often a Cluster is asked which node has what. */
const SLOTS_MS = 1000
/** A connection that does not close by itself is destroyed. */
const CLOSE_MS = 500

const retry = (times: number) => Math.min(times * RETRY_MS, MAX_RETRY_MS)

/** Replies are as Redis sends them. */
type Plain<Options> = Options & { replyMapping: 'legacy' }

export function redisOptions(address: Exclude<RedisAddress, { kind: 'cluster' }>): Plain<RedisOptions> {
  const options = { ...common(address), db: address.db }
  if (address.kind === 'single') return { ...options, ...address.at }
  const { at, master, sentinelUsername, sentinelPassword } = address
  return {
    ...options,
    sentinels: addresses(at),
    name: master,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(options.tls ? { sentinelTLS: options.tls, enableTLSForSentinelMode: true } : {}),
    sentinelRetryStrategy: retry,
    sentinelReconnectStrategy: retry,
    // One that is frozen would hold up the search for the master.
    sentinelCommandTimeout: CONNECT_MS,
    // Sentinels say that another is master now; the old one might not.
    failoverDetector: true,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

export function clusterOptions(
  address: Extract<RedisAddress, { kind: 'cluster' }>,
): ClusterOptions & { redisOptions: Plain<RedisOptions> } {
  return {
    redisOptions: common(address),
    clusterRetryStrategy: retry,
    enableOfflineQueue: false,
    // A Cluster's client sends again what it got no answer to, unless this is 0.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: CONNECT_MS,
    slotsRefreshInterval: SLOTS_MS,
    // A certificate is for a name, which is looked up by the connection itself.
    ...(address.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  }
}

/** The same, for a connection that is not made again when it ends. */
export function once<Options extends RedisOptions>(options: Options): Options {
  return { ...options, retryStrategy: null, sentinelRetryStrategy: () => null }
}

function common({ username, password, tls, family }: RedisAddress): Plain<RedisOptions> {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: read(tls) } : {}),
    family,
    connectionName: 'corridor',
    disableClientInfo: true,
    protocol: 2,
    replyMapping: 'legacy',
    retryStrategy: retry,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: CLOSE_MS,
    socketTimeout: SILENT_MS,
    maxLoadingRetryTime: MAX_RETRY_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Without this, a call on a connection that ended is neither answered nor rejected.
    maxRetriesPerRequest: 0,
  }
}

function read({ ca, cert, key }: TlsFiles): ConnectionOptions {
  const files = { ca, cert, key }
  const given = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(given.map(([name, file]) => [name, readFileSync(file)]))
}

function addresses(at: readonly HostPort[]): { host: string; port: number }[] {
  return at.map(({ host, port }) => ({ host, port }))
}
