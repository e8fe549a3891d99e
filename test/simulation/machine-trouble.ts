/** What the faults of a simulation share: to choose a machine, to last for a while, to crash. */
import type { Machine } from './machine.ts'
import type { SimNode } from './node.ts'
import type { Wellness } from './wellness.ts'
import type { World } from './world.ts'

/** Does something to one of the nodes that live. */
export function withNode(world: World, work: (node: SimNode, machine: Machine) => void): void {
  const machine = world.dice.pick(world.machines)
  if (machine.node) work(machine.node, machine)
}

/** Something is wrong for so long. */
export function lasts({ timeline }: World, what: Wellness, ms: number, label: string, end: () => void): void {
  const over = what.ails()
  timeline.after(ms, label, () => {
    over()
    end()
  })
}

/** A process dies, and another begins on its machine within some time. */
export function crash(world: World, machine: Machine, mostMs: number): void {
  world.crashNode(machine)
  world.timeline.after(world.dice.below(mostMs), 'restart', () => world.startNode(machine))
}
