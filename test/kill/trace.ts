/**
 * Reads a trace of system calls (`strace -f -ttt`) of a server: has every ack that went out been on disk before? A message
 * is known by its key, which stands in the page that is written and in the id of the ack.
 */

/** What a server is traced with; the file follows. Whole pages and whole writes are shown. */
export const STRACE = ['-f', '-ttt', '-s', '65536', '-e', 'trace=fdatasync,fsync,write,writev,sendmsg,pwrite64', '-o']

export interface TraceVerdict {
  readonly acks: number
  /** Syncs that returned 0 and had something to cover. */
  readonly syncs: number
  /** Acks that left before the sync that covers them had returned. */
  readonly early: string[]
}

/** The keys that tests give to their messages. */
const KEY = /key-\d+-\d+;/g
const ACK = /\\"type\\":\\"ack\\",\\"id\\":\\"(key-\d+-\d+;)/g

export function readTrace(text: string): TraceVerdict {
  /** Keys by the file they were written to and not synced yet. */
  const written = new Map<string, Set<string>>()
  const seen = new Set<string>()
  const synced = new Set<string>()
  /** By thread: what the sync that runs there covers. It covers what was written before it began. */
  const running = new Map<string, Set<string>>()
  const early: string[] = []
  let acks = 0
  let syncs = 0

  const begin = (thread: string, file: string) => {
    running.set(thread, written.get(file) ?? new Set())
    written.set(file, new Set())
  }
  const end = (thread: string, result: string) => {
    const covered = running.get(thread) ?? new Set()
    running.delete(thread)
    if (result !== '0' || covered.size === 0) return
    syncs += 1
    for (const key of covered) synced.add(key)
  }

  for (const line of text.split('\n')) {
    const [, thread = '', time = '', call = ''] = /^(\d+) +([\d.]+) (.*)$/.exec(line) ?? []
    const [, name, file = ''] = /^(\w+)\((\d+)/.exec(call) ?? []
    const result = /= (-?\d+)[^=]*$/.exec(call)?.[1]
    if (name === 'fsync' || name === 'fdatasync') {
      begin(thread, file)
      if (result !== undefined) end(thread, result)
    } else if (/^<\.\.\. (fsync|fdatasync) resumed>/.test(call)) {
      end(thread, result ?? '')
    } else if (name === 'pwrite64') {
      for (const [key] of call.matchAll(KEY)) {
        if (!seen.has(key)) add(written, file, key)
        seen.add(key)
      }
    } else if (name) {
      for (const [, key = ''] of call.matchAll(ACK)) {
        acks += 1
        if (!synced.has(key)) early.push(`the ack of ${key} left at ${time}, before its sync had returned`)
      }
    }
  }
  return { acks, syncs, early }
}

function add(map: Map<string, Set<string>>, name: string, key: string): void {
  const keys = map.get(name) ?? new Set()
  map.set(name, keys.add(key))
}
