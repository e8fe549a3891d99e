/** Mistakes that a log in Redis could make, planted in its scripts: a simulation that does not find them is worth nothing. */
import type { Script } from '../../src/log/redis/scripts/script.ts'

/** Alters a script by name: each text is replaced where it stands. Throws if it does not. */
export function alter(name: string, ...changes: readonly (readonly [from: string, to: string])[]) {
  return (script: Script): Script => {
    if (script.name !== name) return script
    let { text } = script
    for (const [from, to] of changes) {
      if (!text.includes(from)) throw new Error(`expected the script ${name} to have "${from}", which is altered`)
      text = text.replace(from, to)
    }
    return { name, text }
  }
}

export const MISTAKES: Readonly<Record<string, (script: Script) => Script>> = {
  'settling does not void': alter('settle', [
    "redis.call('HSET', M, 'e', e, 'n', int(n + 1), 'k', 'v', 'u', int(now()))\nreturn",
    'return',
  ]),
  'the number of the commit is not checked': alter('commit', [
    'if e ~= epoch or n ~= number then',
    'if e ~= epoch then',
  ]),
  'ids are not asked for': alter('clients', ["latest < 0 and '' or int(latest + odd)", "''"]),
  'what is said again is said without its ids': alter('commit', [
    'next = idsAt\nif idCount > 0 then',
    "next = idsAt\nif idCount > 0 and fixed == '' then",
  ]),
  'storage is kept apart from events': alter('commit', [
    "redis.call('HSET', S, key, value)",
    "if s % 7 > 0 then redis.call('HSET', S, key, value) end",
  ]),
  'an alarm is not deleted': alter('commit', [
    "if at == '' then redis.call('ZREM', A, name) else",
    "if at == '' then else",
  ]),
}
