/**
 * One machine of a simulation: the place where one life of a node follows another, at the same address or another port.
 * What goes wrong with it is noted, so that it is known whether it was well when somebody took its rooms.
 */
import type { SimNode } from './node.ts'
import type { Timeline } from './timeline.ts'
import { Wellness } from './wellness.ts'

export class Machine {
  readonly name: string
  node: SimNode | undefined
  /** Of the links of its node. */
  port: number
  readonly health: Wellness
  /** Who dials it was refused, though it lives. */
  readonly dials: Wellness

  constructor(name: string, port: number, timeline: Timeline) {
    this.name = name
    this.port = port
    this.health = new Wellness(timeline)
    this.dials = new Wellness(timeline)
  }
}
