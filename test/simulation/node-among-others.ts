/**
 * What makes a node of a simulation one among several: its beats, its links, and the log that claims a room before it opens.
 */
import type { Clock } from '../../src/clock.ts'
import type { RoomLogger } from '../../src/define.ts'
import { Claims } from '../../src/log/redis/claims.ts'
import type { RedisLog } from '../../src/log/redis/redis.ts'
import { Beats } from '../../src/nodes/beats.ts'
import { Links } from '../../src/nodes/links.ts'
import { OwnedLog } from '../../src/nodes/owned-log.ts'
import { Questions } from '../../src/nodes/questions.ts'
import type { RosterEvents } from '../../src/nodes/roster.ts'
import type { Random } from '../../src/random.ts'
import type { NodeClock } from './node-clock.ts'
import type { RedisLine } from './redis-line.ts'
import type { SimNet } from './sim-net.ts'
import { SimNetwork } from './sim-network.ts'

export interface AmongParts {
  readonly clock: NodeClock & Clock
  readonly random: Random
  readonly line: RedisLine
  readonly logger: RoomLogger
  readonly net: SimNet
  readonly machine: string
  readonly port: number
}

export class NodeAmongOthers {
  readonly roster: Beats
  readonly links: Links
  #log: OwnedLog | undefined

  constructor(parts: AmongParts) {
    const { clock, random, line, logger, net, machine, port } = parts
    const events: RosterEvents = {
      verify: (path) => void this.#log?.verify(path),
      verifyAll: () => {
        for (const [path] of this.#log?.owned() ?? []) void this.#log?.verify(path)
      },
      moved() {},
      died() {},
      cutOff: () => this.#log?.loseAll('this node is cut off'),
      linkWanted: (id) => void this.links.to(id).catch(() => {}),
    }
    this.roster = new Beats({ calls: line, clock, random, logger, protocol: 1, configHash: '', version: '', events })
    const network = new SimNetwork(net, machine, port, clock, this.roster.self)
    const nobody = () => ({ message() {}, over() {} })
    const questions = new Questions()
    this.links = new Links({
      network,
      clock,
      roster: this.roster,
      questions,
      logger,
      dialled: nobody,
      accepted: nobody,
    })
  }

  /** The log whose rooms are claimed. */
  owning(log: RedisLog, { line, clock, logger }: Pick<AmongParts, 'line' | 'clock' | 'logger'>): OwnedLog {
    const { roster } = this
    this.#log = new OwnedLog({
      log,
      claims: new Claims(line, roster.self),
      clock,
      logger,
      mayTake: (owner) => roster.isDead(owner),
      leaveNote: (owner, path) => roster.leaveNote(owner, path),
    })
    return this.#log
  }

  async start(): Promise<void> {
    await this.roster.start(await this.links.listen())
  }

  async end(): Promise<void> {
    await this.links.close()
    await this.roster.end()
  }
}
