/**
 * Runs a world: a time of trouble, then a time of quiet in which all must come right, again and again until so many steps
 * are done. `run.ts` and `simulation.test.ts` call it.
 */
import type { Reply } from '../../src/log/redis/redis-calls.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import type { LinkMessage } from '../../src/nodes/link-message.ts'
import { CompiledScripts } from '../support/redis-model/script.ts'
import type { RoomLedger } from './room-ledger.ts'
import { acts, chooseFaults, goesWrong, healAll } from './trouble.ts'
import { World } from './world.ts'

export interface Outcome {
  /** Of all that happened. */
  readonly hash: string
  readonly steps: number
  readonly broken: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly faults: ReadonlyMap<string, number>
  readonly logged: ReadonlyMap<string, number>
  /** Ms of the simulation. */
  readonly ms: number
}

/** After the last fault all is well within this time. */
const RIGHT_MS = 15_000
const PROBE_MS = 5000
/** Far more than happens in a time of trouble or of quiet. */
const MOST_STEPS = 300_000

export interface Setting {
  readonly compiled?: CompiledScripts
  /** How many nodes there are; one does without what is between nodes. */
  readonly machines?: number
  /** A planted mistake. */
  readonly altered?: (script: Script) => Script
  /** What a node takes for the answer of a script, without waiting for it: a planted mistake. */
  readonly forged?: (script: Script) => Reply | undefined
  /** What becomes of a message between nodes: a planted mistake. */
  readonly spoken?: (message: LinkMessage) => LinkMessage
  /** What goes wrong; default: the seed chooses. */
  readonly kinds?: readonly string[]
  /** Called with all that happens. */
  readonly heard?: (ms: number, text: string) => void
}

export async function simulate(seed: number, steps: number, setting: Setting = {}): Promise<Outcome> {
  const { compiled = new CompiledScripts(), machines = 1, heard = () => {}, altered, forged, spoken, kinds } = setting
  const world = new World(seed, { compiled, machines })
  world.timeline.heard = heard
  if (altered) world.redis.altered = altered
  if (forged) world.redis.forged = forged
  if (spoken) world.net.spoken = spoken
  const { timeline, dice, clients } = world
  let until = 0
  let phase: 'trouble' | 'quiet' | 'probe' = 'probe'
  const rounds = { rounds: 0 }

  const act = () => {
    if (!world.isQuiet) acts(world)
    timeline.after(dice.next() * 60, 'act', act)
  }
  const wrong = () => {
    if (!world.isQuiet && world.kinds.length > 0) goesWrong(world)
    timeline.after(dice.next() * 4000, 'wrong', wrong)
  }
  const watch = () => {
    for (const client of clients) client.checkAnswers()
    timeline.after(500, 'watch', watch)
  }
  act()
  wrong()
  watch()

  const next = (): boolean => {
    if (phase === 'trouble') {
      healAll(world)
      phase = 'quiet'
      until = timeline.nowMs + RIGHT_MS
    } else if (phase === 'quiet') {
      mustBeRight(world)
      for (const client of clients) {
        client.say('say')
        client.look()
      }
      for (const client of world.rawClients) client.probe()
      phase = 'probe'
      until = timeline.nowMs + PROBE_MS
    } else {
      if (rounds.rounds > 0) mustHaveAnswered(world)
      if (timeline.steps >= steps) return true
      rounds.rounds += 1
      world.kinds = kinds ?? chooseFaults(world)
      world.isQuiet = false
      phase = 'trouble'
      until = timeline.nowMs + 5000 + dice.below(30_000)
    }
    return false
  }
  next()
  let began = 0
  await timeline.run(() => {
    if (timeline.steps - began > MOST_STEPS) world.breaks(`it does not come to rest: ${MOST_STEPS} steps in one time`)
    if (world.broken.length > 0) return true
    if (timeline.nextMs <= until) return false
    timeline.nowMs = until
    began = timeline.steps
    return next()
  })
  timeline.note(world.redis.model.hash())
  const counts = { ...rounds, ...world.promises.counts }
  const { broken, faults, logged } = world
  return { hash: timeline.hash(), steps: timeline.steps, broken, counts, faults, logged, ms: timeline.nowMs }
}

/** Some time after the last fault. */
function mustBeRight(world: World): void {
  const { clients, rawClients, machines } = world
  for (const client of rawClients)
    if (!client.isAttached) world.breaks(`not right: a raw client of ${client.path} is not attached`)
  for (const { name, node } of machines)
    if (node?.trouble !== undefined) world.breaks(`not right: ${name}: ${node.trouble}`)
  for (const client of clients) {
    if (!client.isAttached) world.breaks(`not right: a client of ${client.path} is not attached`)
    if (client.waiting > 0) world.breaks(`not right: ${client.waiting} messages of a client of ${client.path} wait`)
  }
}

/** Each room has taken messages since. */
function mustHaveAnswered(world: World): void {
  const { clients, rawClients, ledgers, nodes, promises } = world
  for (const { path, missing } of rawClients)
    if (missing.length > 0) world.breaks(`not right: ${path} does not pass ${missing} on`)
  for (const client of clients) {
    const ledger = ledgers.find(({ path }) => path === client.path)
    if (client.waiting > 0) world.breaks(`not right: ${client.path} takes no messages`)
    else if (ledger && !ledger.isDoubtful) client.checkSeen()
    if (client.count === undefined) world.breaks(`not right: ${client.path} does not say its count`)
  }
  for (const ledger of ledgers) {
    promises.checkAcked(ledger)
    promises.checkBells(ledger)
    for (const node of nodes) promises.checkOffsets(ledger, node)
    mustHaveMembers(world, ledger)
  }
}

/** The author's code sees those who are there, and nobody else. */
function mustHaveMembers(world: World, { path, owner }: RoomLedger): void {
  const here = world.clients.filter((client) => client.path === path && client.isAttached).map(({ name }) => name)
  const members = world.nodes.find(({ id }) => id === owner)?.lives.members(path) ?? []
  const [expected, got] = [here.sort().join(' '), members.join(' ')]
  if (expected !== got) world.breaks(`not right: ${path} has the members ${got}, and ${expected} are there`)
}
