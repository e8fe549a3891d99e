/** What goes wrong in a world, and what its clients do, as the seed decides: each is one action, at random times. */
import type { Dice } from '../support/random.ts'
import type { SimClient } from './client.ts'
import { LINK_FAULTS } from './link-trouble.ts'
import { crash, lasts, withNode } from './machine-trouble.ts'
import type { World } from './world.ts'

type Action = (world: World) => void

const FAULTS: Readonly<Record<string, Action>> = {
  crash: (world) => withNode(world, (_, machine) => crash(world, machine, 3000)),
  freeze: (world) =>
    withNode(world, (node, machine) => {
      const { dice } = world
      node.clock.freeze()
      const ms = dice.pick([20, 300, 2000, 7000, 15_000]) * dice.next()
      lasts(world, machine.health, ms, 'thaw', () => node.clock.thaw(dice.pick(['timer', 'io'])))
    }),
  'clock jumps': (world) =>
    withNode(world, ({ clock }) => {
      clock.skewMs += (world.dice.next() - 0.5) * world.dice.pick([100, 10_000, 200_000])
    }),
  'connection cut': (world) => withNode(world, ({ line }) => line.cut()),
  'Redis slow': ({ redis, dice, timeline }) => {
    redis.slowness = dice.pick([20, 300, 3000])
    timeline.after(dice.below(5000), 'fast', () => {
      redis.slowness = 0
    })
  },
  // What was sent on the connection arrives after it has ended, and after what is sent on the next one.
  'calls arrive late': ({ redis, dice, timeline, nodes }) => {
    redis.slowness = 2000
    timeline.after(dice.below(1000), 'late', () => {
      redis.slowness = 0
      for (const { line } of nodes) line.cut()
    })
  },
  'Redis frozen': (world) => {
    const { redis, dice, timeline } = world
    redis.freeze()
    timeline.after(dice.pick([50, 1000, 4000, 20_000]) * dice.next(), 'redis thaws', () => {
      redis.thaw()
    })
  },
  'Redis restarted': (world) => restart(world, false),
  'Redis restarted, writes lost': (world) => restart(world, true),
  'Redis emptied': ({ redis }) => redis.empty(),
  'Redis lost a key': ({ redis, ledgers, dice, timeline }) => {
    const { bucket, path } = dice.pick(ledgers)
    timeline.note(`lost ${redis.evict(bucket, path, dice)}`)
  },
  'Redis full': (world) => fault(world, 'isFull'),
  'Redis read only': (world) => fault(world, 'isReplica'),
  'Redis loading': (world) => fault(world, 'isLoading'),
  'Redis busy': (world) => fault(world, 'isBusy'),
  'Redis clock jumps': ({ redis, dice }) => {
    redis.model.faults.clockErrorMs += (dice.next() - 0.5) * dice.pick([100, 20_000])
  },
  'Redis forgets scripts': ({ redis }) => redis.model.forgetScripts(),
  erase: (world) =>
    withNode(world, (node) => {
      const ledger = world.dice.pick(world.ledgers)
      if (!node.isReady) return
      world.promises.checkAcked(ledger)
      const release = ledger.hold()
      let isOver = false
      const over = () => {
        isOver = true
      }
      node.clock.arrives(() => void node.erase(ledger.path).then(over, over), 'erase')
      const wait = () => (isOver || node.clock.isDead ? release() : void world.timeline.after(100, 'erasing', wait))
      wait()
    }),
}

/** The rare ones cost data: between them there must be time to lose something else. */
const RARE: readonly string[] = ['Redis emptied', 'Redis lost a key', 'erase', 'Redis restarted, writes lost']
const COMMON = Object.keys(FAULTS).filter((name) => !RARE.includes(name))
const BETWEEN = Object.keys(LINK_FAULTS)
const ALL: Readonly<Record<string, Action>> = { ...FAULTS, ...LINK_FAULTS }

/** So many kinds of faults go wrong in one time of trouble: the same again and again find more than a little of each. */
const KINDS = 5

/** What goes wrong in the next time of trouble. */
export function chooseFaults({ dice, machines }: World): string[] {
  const isBetween = () => machines.length > 1 && dice.oneIn(2)
  return Array.from({ length: KINDS }, () => dice.pick(isBetween() ? BETWEEN : dice.oneIn(6) ? RARE : COMMON))
}

export function goesWrong(world: World): void {
  const name = world.dice.pick(world.kinds)
  world.count(name)
  ALL[name]?.(world)
}

type Act = (client: SimClient, dice: Dice, paths: readonly string[]) => void

const say: Act = (client) => client.say('say')
/** What clients do, and how often of forty times; the rest is `say`. */
const ACTS: readonly (readonly [number, Act])[] = [
  [2, (client, dice) => client.wire?.cut(dice.oneIn(2))],
  [1, (client) => client.roam()],
  [1, (client, dice) => client.wire?.stall(dice.below(5000))],
  [1, (client, dice) => client.say('bell', { ms: dice.below(8000) })],
  [1, (client) => client.say('redact')],
  [1, (client, dice) => client.say(dice.oneIn(8) ? 'clear' : 'say')],
  [2, (client, dice) => client.say('wait', { ms: dice.below(dice.oneIn(10) ? 8000 : 50) })],
  [2, (client, dice) => client.say('oops', { ms: dice.below(50) })],
  [1, (client) => client.say('fail')],
  [4, (client) => client.sayOnce()],
  [3, (client) => client.say('many')],
  [3, (client) => client.shout()],
  [2, (client, dice, paths) => client.say('send', { to: dice.pick(paths.filter((path) => path !== client.path)) })],
]

/** A client does something. */
export function acts({ clients, rawClients, ledgers, dice }: World): void {
  if (dice.oneIn(10)) {
    const client = dice.pick(rawClients)
    if (dice.oneIn(10)) client.wire?.cut(dice.oneIn(2))
    else client.say()
    return
  }
  let at = dice.below(40)
  const chosen = ACTS.find(([times]) => {
    at -= times
    return at < 0
  })
  const act = chosen?.[1] ?? say
  const paths = ledgers.map(({ path }) => path)
  act(dice.pick(clients), dice, paths)
}

/** All is well from now on. */
export function healAll(world: World): void {
  const { redis, dice, net, machines } = world
  world.isQuiet = true
  redis.heal(dice)
  net.heal()
  for (const machine of machines) {
    machine.node?.clock.thaw('io')
    machine.node?.line.heal()
    world.startNode(machine)
  }
}

function restart({ redis, dice, timeline }: World, loses: boolean): void {
  if (!redis.host.isUp) return
  redis.kill()
  timeline.after(dice.below(2000), 'redis starts', () => {
    if (redis.host.isUp) return
    redis.start(dice, loses)
    if (!dice.oneIn(2)) return
    redis.model.faults.isLoading = true
    timeline.after(dice.below(1500), 'redis has loaded', () => {
      redis.model.faults.isLoading = false
    })
  })
}

function fault({ redis, dice, timeline }: World, name: 'isFull' | 'isReplica' | 'isLoading' | 'isBusy'): void {
  redis.model.faults[name] = true
  timeline.after(dice.below(6000), 'redis is well', () => {
    redis.model.faults[name] = false
  })
}
