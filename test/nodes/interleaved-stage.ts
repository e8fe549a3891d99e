/**
 * Plays of nodes that want one room, in which a call of the first is held up until the others have come to a point: what
 * each says, what is in the log in the end, and what is wrong with it.
 */
import { RoomError } from '../../src/errors.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { Elsewhere } from '../../src/nodes/ownership.ts'
import { type Fate, InterleavedCalls } from '../support/interleaved-calls.ts'
import { draft } from '../support/log-under-test.ts'
import { ModelNodes, type OpenedRoom, type OwningNode } from '../support/owned-logs.ts'
import { CompiledScripts } from '../support/redis-model/script.ts'

/** How the room is when both come: new, kept and closed, or of a node that is dead. */
export const BEFORE = ['new', 'kept', 'of the dead'] as const

export interface Play {
  readonly before: (typeof BEFORE)[number]
  /** Whether the first node is dead for the second. */
  readonly isBuried: boolean
  /** Whether the second says nothing, and a third one comes after it. */
  readonly isSilent: boolean
  /** Which call of the first is held up, and how. The others come then; after so many answers of theirs it goes on. */
  readonly call: number
  readonly fate: Fate
  readonly point: number
  /** A mistake in a script: text of it, and what stands there instead. */
  readonly mistake?: Mistake | undefined
}

export type Mistake = readonly [script: string, text: string, instead: string]

const compiled = new CompiledScripts()

class Stage {
  readonly nodes = new ModelNodes(compiled)
  /** What was told as kept. */
  readonly kept: string[] = []
  readonly problems: string[] = []

  async node(id: string, dead: readonly string[], mistake: Mistake | undefined) {
    const client = this.nodes.client()
    const calls = new InterleavedCalls(mistake ? mistaken(client, mistake) : client)
    const node = await this.nodes.node(id, calls)
    for (const each of dead) node.bury(each)
    return { node, calls }
  }

  /** Opens the room if it may, says two words, makes sure that it has it, and closes it. Returns why it was lost. */
  async live(node: OwningNode): Promise<readonly string[]> {
    const room = (await this.open(node, true)) ?? (await this.open(node))
    if (!room) return []
    for (const word of [`${node.id}1`, `${node.id}2`]) await this.say(room, word)
    const isOwned = await node.log.verify('/room')
    if (isOwned !== (room.lost.length === 0)) this.problems.push(`${node.id}: owned ${isOwned}, lost ${room.lost}`)
    await room.close()
    return room.lost
  }

  /** `looksFirst`: as an edge, which opens a room only if it finds that it may. */
  async open(node: OwningNode, looksFirst = false): Promise<OpenedRoom | undefined> {
    try {
      if (looksFirst && (await node.owners.find('/room')).at === 'there') return undefined
      return await node.open()
    } catch (error) {
      if (!(error instanceof Elsewhere || error instanceof RoomError)) this.problems.push(`${node.id}: ${error}`)
      return undefined
    }
  }

  async say(room: OpenedRoom, word: string): Promise<void> {
    try {
      await room.append([draft(word)], [{ client: 'ann', id: word, hash: 'h', draft: 0 }])
      this.kept.push(word)
    } catch (error) {
      if ((error as RoomError).code !== 'unavailable') this.problems.push(`${word}: ${error}`)
    }
  }
}

/** Returns what went wrong, and how many calls there were. */
export async function play({ before, isBuried, isSilent, call, fate, point, mistake }: Play) {
  const stage = new Stage()
  const { nodes, kept, problems } = stage
  const d = await nodes.node('d')
  if (before !== 'new') {
    const room = await d.open()
    await stage.say(room, 'd1')
    if (before === 'kept') await room.close()
  }
  const a = await stage.node('a', ['d'], mistake)
  const b = await stage.node('b', isBuried ? ['d', 'a'] : ['d'], mistake)
  const goesOn = Promise.withResolvers<void>()
  const isSaid = Promise.withResolvers<void>()
  a.calls.begin({ call, fate, until: goesOn.promise, said: isSaid.resolve })
  b.calls.begin()
  const first = stage.live(a.node).finally(isSaid.resolve)
  if (point === 0) goesOn.resolve()
  const third = await stage.node('c', isBuried ? ['d', 'a'] : ['d'], mistake)
  third.calls.begin()
  const answered = () => b.calls.answers + third.calls.answers
  b.calls.answered = third.calls.answered = () => answered() >= point && goesOn.resolve()
  const others = async () => {
    await isSaid.promise
    if (!isSilent) return stage.live(b.node)
    await (await stage.open(b.node))?.close()
    return stage.live(third.node)
  }
  const second = others().finally(goesOn.resolve)
  const [lostByA, lostByB] = await nodes.pass(Promise.all([first, second]))
  if (lostByB.length > 0 || (!isBuried && lostByA.length > 0)) problems.push(`lost ${[...lostByA, ...lostByB]}`)
  const texts = await nodes.pass(textsFor(await nodes.node('e'), ['a', 'b', 'c', 'd']))
  const known = texts.map((text) => text[0]).filter((id, index, all) => id !== all[index - 1])
  if (known.length !== new Set(known).size) problems.push(`mixed: ${texts}`)
  if (texts.length !== new Set(texts).size) problems.push(`doubled: ${texts}`)
  const missing = kept.filter((word) => !texts.includes(word))
  if (missing.length > 0) problems.push(`missing: ${missing} in ${texts}`)
  const owner = (await d.claims.look('/room')).owner
  if (owner !== '') problems.push(`still owned by ${owner}`)
  if (texts.length === 0 && nodes.keys().length > 0) problems.push(`left: ${nodes.keys()}`)
  return { problems, said: [...a.calls.said], answers: answered(), texts }
}

/** What is in the log in the end. */
async function textsFor(node: OwningNode, dead: readonly string[]): Promise<string[]> {
  for (const id of dead) node.bury(id)
  const room = await node.open()
  const texts = (await room.read(0, 1000)).map(({ data }) => JSON.parse(String(data)).text as string)
  await room.close()
  return texts
}

function mistaken(calls: RedisCalls, [name, text, instead]: Mistake): RedisCalls {
  return {
    command: (...command) => calls.command(...command),
    run: (script, ...rest) => {
      if (script.name !== name) return calls.run(script, ...rest)
      if (!script.text.includes(text)) throw new Error(`expected "${text}" in the script ${name}`)
      return calls.run({ ...script, text: script.text.replace(text, instead) }, ...rest)
    },
  }
}
