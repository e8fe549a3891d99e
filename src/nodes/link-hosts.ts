/**
 * Where a node listens for links, and under which address others dial it: `LINK_HOST`, or the address with which this
 * machine reaches Redis, since the other nodes reach Redis too. `link-network.ts` asks.
 */
import { networkInterfaces } from 'node:os'

export interface LinkHosts {
  readonly listenAt: string
  readonly dialAt: string
}

const ALL = '0.0.0.0'
/** They stand for all addresses of a machine, and nobody can dial them. */
const ANY = new Set([ALL, '::'])

/** `local`: of the connection to Redis; `undefined` if it is not known. */
export function linkHosts(host: string | undefined, local: string | undefined): LinkHosts {
  const reached = local?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  if (host !== undefined && !ANY.has(host)) return { listenAt: host, dialAt: host }
  const dialAt = reached ?? outer()
  // Without a connection it is a guess: what is reached may be another of its addresses.
  return { listenAt: host ?? reached ?? ALL, dialAt }
}

/** An address of this machine that others may reach. */
function outer(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1'
}
