/**
 * Which of several nodes does what one of them is to do for a room: the first by a hash of both (highest random weight,
 * D. Thaler and C. Ravishankar, 1998). All nodes find the same one without asking each other.
 */
import { hash } from 'node:crypto'
import type { NodeId } from './link-message.ts'

/** Whether this node is the first of all for a room. */
export function isFirst(self: NodeId, all: Iterable<NodeId>, path: string): boolean {
  const own = weight(self, path)
  for (const node of all) if (node !== self && weight(node, path) > own) return false
  return true
}

function weight(node: NodeId, path: string): string {
  return hash('sha1', `${node} ${path}`, 'hex')
}
