/** What goes wrong between the nodes of a simulation, and between one of them and Redis; and nodes that are asked to end. */

import type { Machine } from './machine.ts'
import { crash, lasts, withNode } from './machine-trouble.ts'
import type { World } from './world.ts'

type Action = (world: World) => void

const SPANS = [30, 400, 2500, 8000, 20_000]

export const LINK_FAULTS: Readonly<Record<string, Action>> = {
  'links cut': (world) => between(world, (a, b) => world.net.cut(a.name, b.name)),
  'link half cut': (world) => between(world, (a, b) => world.net.cut(a.name, b.name, true)),
  'a way is silent': (world) => between(world, (a, b) => silence(world, a, b, span(world))),
  'both ways are silent': (world) =>
    between(world, (a, b) => {
      const ms = span(world)
      silence(world, a, b, ms)
      silence(world, b, a, ms)
    }),
  'refused though alive': (world) =>
    between(world, (a, b) => {
      const { net, dice } = world
      net.trouble(a.name, b.name, { isRefused: true })
      if (dice.oneIn(2)) net.cut(a.name, b.name)
      lasts(world, b.dials, span(world), 'not refused', () => net.trouble(a.name, b.name, { isRefused: false }))
    }),
  'links are slow': (world) =>
    between(world, (a, b) => {
      const { net, dice } = world
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        net.trouble(from.name, to.name, { slowMs: dice.pick([50, 500, 3000]) })
        world.timeline.after(span(world), 'links fast', () => net.trouble(from.name, to.name, { slowMs: 0 }))
      }
    }),
  'a machine is gone': (world) =>
    withNode(world, (_, machine) => {
      world.net.gone.add(machine.name)
      crash(world, machine, 20_000)
    }),
  'Redis cut off from one': (world) =>
    withNode(world, ({ line }, machine) => {
      const ms = span(world)
      line.cutOff(ms, world.dice.oneIn(2))
      lasts(world, machine.health, ms, 'reaches Redis', () => {})
    }),
  'a node is cut off from all': (world) =>
    withNode(world, ({ line }, machine) => {
      const ms = 5000 + world.dice.below(20_000)
      line.cutOff(ms, world.dice.oneIn(2))
      lasts(world, machine.health, ms, 'reaches all', () => {})
      for (const other of world.machines) {
        if (other === machine) continue
        silence(world, machine, other, ms)
        silence(world, other, machine, ms)
      }
    }),
  'Redis fails over': (world) => failOver(world, false),
  'two masters': (world) => failOver(world, true),
  // A node is back later than others: too short to be dead for that.
  'Redis frozen for long then away for one': (world) => {
    const { redis, dice, timeline } = world
    redis.freeze()
    timeline.after(11_000 + dice.below(9000), 'redis thaws', () => {
      if (!world.isQuiet) withNode(world, ({ line }) => line.cutOff(1000 + dice.below(4000), true))
      redis.thaw()
    })
  },
  // As where the machine of them all is moved.
  'all stand still': (world) => {
    const ms = 2000 + world.dice.below(18_000)
    for (const { node } of world.machines) {
      node?.clock.freeze()
      const thaw = () => node?.clock.thaw(world.dice.pick(['timer', 'io']))
      world.timeline.after(ms + world.dice.below(300), 'thaw', thaw)
    }
  },
  'a client of two nodes': ({ dice, clients }) => dice.pick(clients).roam(),
  SIGTERM: (world) => end(world, 1),
  'SIGTERM of two': (world) => end(world, 2),
}

function span({ dice }: World): number {
  return dice.pick(SPANS) * dice.next()
}

function between(world: World, work: (a: Machine, b: Machine) => void): void {
  const { dice, machines } = world
  const at = dice.below(machines.length)
  const [a, b] = [machines[at], machines[(at + 1 + dice.below(machines.length - 1)) % machines.length]]
  if (a && b) work(a, b)
}

function silence({ net, timeline }: World, from: Machine, to: Machine, ms: number): void {
  net.trouble(from.name, to.name, { silentUntilMs: timeline.nowMs + ms })
}

function failOver(world: World, isTwo: boolean): void {
  const { redis, dice, timeline } = world
  if (dice.oneIn(2)) redis.lag(true)
  timeline.after(dice.below(3000), 'failover', () => {
    redis.failOver(dice, isTwo)
    // Whoever stays with the old master is dead for the others.
    if (isTwo) lasts(world, world.redisHealth, 20_000, 'failover is over', () => {})
    else world.redisHealth.ailed()
    timeline.after(dice.pick([500, 5000, 20_000]) * dice.next(), 'one master', () => redis.rejoin())
  })
}

function end(world: World, count: number): void {
  const { machines, dice, timeline } = world
  const first = dice.below(machines.length)
  for (let at = 0; at < count; at += 1) {
    const machine = machines[(first + at) % machines.length]
    timeline.after(at * dice.below(500), 'SIGTERM', () => machine && terminate(world, machine))
  }
}

/** Ends a node as its operator does, and starts another. */
function terminate(world: World, machine: Machine): void {
  const { node } = machine
  if (!node || node.isEnding) return
  world.endingMs = world.timeline.nowMs
  const gone = () => {
    if (machine.node !== node) return
    crash(world, machine, 2000)
  }
  node.clock.arrives(() => void node.end().then(() => world.timeline.after(0, 'exit', gone)), 'SIGTERM')
  // Who ends a process waits so long for it.
  world.timeline.after(12_000, 'SIGKILL', gone)
}
