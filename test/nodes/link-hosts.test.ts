/** Where a node listens for links, and what others dial. */
import { expect, it } from 'vitest'
import { linkHosts } from '../../src/nodes/link-hosts.ts'

it.each([
  [undefined, '10.0.0.7', '10.0.0.7', '10.0.0.7'],
  [undefined, '::ffff:10.0.0.7', '10.0.0.7', '10.0.0.7'],
  [undefined, 'fd00::7', 'fd00::7', 'fd00::7'],
  ['10.0.0.8', '10.0.0.7', '10.0.0.8', '10.0.0.8'],
  ['node1.example', undefined, 'node1.example', 'node1.example'],
  ['0.0.0.0', '10.0.0.7', '0.0.0.0', '10.0.0.7'],
  ['::', 'fd00::7', '::', 'fd00::7'],
])('LINK_HOST %s and Redis by %s: listens at %s, is dialled at %s', (host, local, listenAt, dialAt) => {
  expect(linkHosts(host, local)).toEqual({ listenAt, dialAt })
})

it('without either it listens at all addresses, and guesses one that others reach', () => {
  const { listenAt, dialAt } = linkHosts(undefined, undefined)
  expect(listenAt).toBe('0.0.0.0')
  expect(dialAt).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
})
