/**
 * The kinds of values in environment variables: whole numbers, lists, hosts, proxies. `environment.ts` declares which
 * variable has which kind.
 */
import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** The names that `proxy-addr` knows for ranges of private addresses. */
export const RANGES = ['loopback', 'linklocal', 'uniquelocal']

export const wholeNumber = (max: number, fallback: number, min = 0) => {
  const expected = `expected a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((number) => number >= min && number <= max, expected)
    .default(fallback)
}

/** Words separated by commas or spaces. `message`: what an entry must be. */
export const listOf = (isEntry: (entry: string) => boolean, message: string) =>
  z
    .string()
    .transform((list) => list.split(/[\s,]+/).filter(Boolean))
    .superRefine((list, context) => {
      if (list.length === 0) context.addIssue({ code: 'custom', message, input: undefined })
      for (const entry of list.filter((entry) => !isEntry(entry))) {
        context.addIssue({ code: 'custom', message, input: entry })
      }
    })

/** A host without a port. Rejects numbers that are not an address: "1.2.3", "300.1.1.1". */
export function isListenHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host)
  if (/^[\d.]+$/.test(host)) return isIPv4(host)
  return /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
}

export function isProxy(entry: string): boolean {
  if (RANGES.includes(entry)) return true
  const [address = '', bits, ...more] = entry.split('/')
  const known = ipaddr.IPv4.isValidFourPartDecimal(address) || (ipaddr.IPv6.isValid(address) && !address.includes('%'))
  if (!known || more.length > 0) return false
  const most = address.includes(':') ? 128 : 32
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most)
}

export function isHostName(entry: string): boolean {
  return entry === '*' || /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(entry)
}
