/** The command line of the benchmark. */
import { parseArgs } from 'node:util'
import { contestants } from './contestants.ts'
import { scenarios } from './scenarios.ts'

export const USAGE = `npm run bench -- [options]
  --quick            one short round of the main scenarios; writes no report
  --rounds N         the number of interleaved rounds (3)
  --only A,B         only these scenarios and servers: --only cpu-1000,corridor,ws; writes no report
  --minutes N        starts no further run after this time (25)
  --json FILE        also writes every run to a file, one line of JSON each
  --profile FOLDER   writes CPU profiles of the servers on Node to this folder; writes no report
scenarios: ${scenarios.map(({ name }) => name).join(', ')}
servers:   ${contestants.map(({ name }) => name).join(', ')}
`

export interface Options {
  readonly isQuick: boolean
  readonly rounds: number
  readonly scenarios: readonly string[]
  readonly servers: readonly string[]
  readonly minutes: number
  readonly json: string | undefined
  readonly profile: string | undefined
  readonly isHelp: boolean
}

/** Reads the arguments. Throws an `Error` that says which one is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', default: '' },
      minutes: { type: 'string', default: '25' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.split(',').filter(Boolean)
  const names = { scenarios: scenarios.map(({ name }) => name), servers: contestants.map(({ name }) => name) }
  const unknown = only.find((name) => !names.scenarios.includes(name) && !names.servers.includes(name))
  if (unknown !== undefined) {
    throw new Error(`--only: expected scenarios or servers, got "${unknown}"; they are listed by --help`)
  }
  return {
    isQuick: values.quick,
    rounds: whole('--rounds', values.rounds ?? (values.quick ? '1' : '3')),
    scenarios: only.filter((name) => names.scenarios.includes(name)),
    servers: only.filter((name) => names.servers.includes(name)),
    minutes: whole('--minutes', values.minutes),
    json: values.json,
    profile: values.profile,
    isHelp: values.help,
  }
}

function whole(option: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new Error(`${option}: expected a whole number from 1, got "${text}"`)
}
