/**
 * Mistakes that a log in Redis could make, each planted into the calls between the log and Redis: in the text of a script,
 * in its arguments, in its answers. `redis-mistakes.test.ts` finds them.
 */
import type { Argument, RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { list, text } from '../../src/log/redis/reply.ts'
import { commit } from '../../src/log/redis/scripts/commit.ts'
import { settle } from '../../src/log/redis/scripts/settle.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

export type Plant = (calls: RedisCalls) => RedisCalls

/** Where the arguments of a commit have these: its number, its time, its events, and its ids with their clients. */
const NUMBER = 3
const TIME = 5
const EVENTS = 10
const IDS = [11, 12, 13]

/** Asks what became of a commit, and says it again under its number where it never came. */
export const settleWithoutVoiding: Plant = (calls) => {
  const asked = changed(settle.text, /\nif n == 0 and e == ''[^\n]*\nredis\.call\('HSET'[^\n]*/, '')
  return shifted(calls, asked, (script, answer) => script === 'settle' && answer === 'void')
}

/** Counts events: a commit without one leaves the condition of the next as it was. */
export const seqAsCondition: Plant = (calls) => {
  const isCounted = (script: string, answer: string, args: readonly Argument[]) =>
    script === 'commit' && answer === 'ok' && args[EVENTS] === ''
  const text = changed(commit.text, "'n', int(n + 1)", "'n', int(s > tonumber(m[4] or '0') and n + 1 or n)")
  return shifted(patched(calls, commit.name, text), settle.text, isCounted)
}

/** Takes an id that is kept for a new one. */
export const idsOverwritten: Plant = (calls) => {
  return patched(calls, commit.name, changed(commit.text, 'if value then return', 'if false then return'))
}

/** What was asked of ids in an earlier opening is believed in a later one. */
export const idsRemembered: Plant = (calls) => {
  const remembered = new Map<string, ReturnType<RedisCalls['run']>>()
  return wrappedLog(calls, {
    run(script, key, args) {
      if (script.name !== 'recall' && script.name !== 'clients') return calls.run(script, key, args)
      const question = JSON.stringify([script.name, args])
      const answer = remembered.get(question) ?? calls.run(script, key, args)
      remembered.set(question, answer)
      return answer
    },
  })
}

/** Makes events again that Redis has lost, and not the ids that came with them. */
export const healedWithoutIds: Plant = (calls) =>
  wrappedLog(calls, {
    run(script, key, args) {
      if (script.name !== 'commit' || args[TIME] === '') return calls.run(script, key, args)
      const without = args.map((arg, at) => (IDS.includes(at) ? '' : arg))
      return calls.run(script, key, without)
    },
  })

/** Lets what is not used for a day end by itself. */
export const expiringKeys: Plant = (calls) => {
  const expire = "for _, key in ipairs({M, E, S, Q}) do redis.call('PEXPIRE', key, 86400000) end\n"
  return patched(
    calls,
    commit.name,
    changed(commit.text, "return {'ok', time, ids}\n", `${expire}return {'ok', time, ids}\n`),
  )
}

/** Takes a commit whichever run of Redis it was meant for. */
export const noRunId: Plant = (calls) =>
  patched(calls, commit.name, changed(commit.text, "if running ~= runId then return {'run', running} end", ''))

function changed(text: string, what: string | RegExp, by: string): string {
  const found = text.replace(what, by)
  if (found === text) throw new Error(`expected ${what} in the script`)
  return found
}

function patched(calls: RedisCalls, name: string, text: string): RedisCalls {
  return wrappedLog(calls, {
    run: (script, ...rest) => calls.run(script.name === name ? { ...script, text } : script, ...rest),
  })
}

/** Redis counts fewer commits than the log: after such an answer the numbers of the log are one more ahead. */
function shifted(
  calls: RedisCalls,
  settleText: string,
  isAhead: (script: string, answer: string, args: readonly Argument[]) => boolean,
): RedisCalls {
  let ahead = 0
  return wrappedLog(calls, {
    async run(script, key, args) {
      const { name } = script
      if (name !== 'commit' && name !== 'settle') return calls.run(script, key, args)
      const at = name === 'commit' ? NUMBER : NUMBER - 1
      const lower = args.map((arg, index) => (index === at ? Number(arg) - ahead : arg))
      const answer = await calls.run(name === 'settle' ? { ...script, text: settleText } : script, key, lower)
      if (isAhead(name, text(list(answer)[0]), args)) ahead += 1
      return answer
    },
  })
}
