/**
 * `corridor backup FILE`: writes a consistent copy of the log, of a running server (found by its data folder)
 * or of a stopped one; with `REDIS_URL`, of that Redis. The copy is opened and checked before it is called done.
 */
import { createWriteStream, existsSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { systemClock } from '../clock.ts'
import { readEnvironment } from '../config/environment.ts'
import { copyStopped, FILE, mustBeCopy } from '../log/sqlite/offline.ts'
import { ConfigError, nameOf } from '../mistakes.ts'
import { backupAccessOf } from '../operations/backup-socket.ts'
import { codeOf, errorOf } from '../thrown.ts'
import { bytesText } from '../units.ts'
import type { CommandContext, Terminal } from './check.ts'

/** Writes the copy. → the exit code */
export async function backup(
  args: readonly string[],
  { stdout, stderr }: Terminal,
  { env, cwd = process.cwd() }: CommandContext = {},
): Promise<number> {
  const [given, ...more] = args
  if (given === undefined || more.length > 0 || given.startsWith('-')) {
    stderr.write('backup: expected the file to write: backup FILE\n')
    return 1
  }
  try {
    const { dataDir, redisUrl } = readEnvironment(env, cwd)
    const file = resolve(cwd, given)
    const whose = redisUrl === undefined ? await fromFolder(dataDir, file) : await fromRedis(redisUrl, file)
    stdout.write(`${nameOf(file)}: ${bytesText((await stat(file)).size)}, the log ${whose}\n`)
    return 0
  } catch (error) {
    const mistakes = error instanceof ConfigError ? error.mistakes : [`backup: ${errorOf(error).message}`]
    stderr.write(mistakes.map((mistake) => `${mistake}\n`).join(''))
    return 1
  }
}

async function fromFolder(dataDir: string, file: string): Promise<string> {
  if (dataDir === ':memory:') throw new Error('DATA_DIR is :memory:, so nothing is kept that could be copied')
  const log = join(dataDir, FILE)
  if (!existsSync(log)) throw new Error(`expected the log ${log}, got no such file; set DATA_DIR as the server has it`)
  return write(file, async () => {
    const running = await askServer(dataDir)
    if (running) await pipeline(running, createWriteStream(file, { flush: true }))
    else await copyStopped(log, file)
    return `of the ${running ? 'running' : 'stopped'} server`
  })
}

function fromRedis(url: string, file: string): Promise<string> {
  return write(file, async () => {
    const { copyRedis } = await import('../log/redis/offline.ts')
    await copyRedis(url, file, systemClock())
    return 'in the Redis of REDIS_URL'
  })
}

/** `copy` fills the file. Where it fails, nothing is left. */
async function write(file: string, copy: () => Promise<string>): Promise<string> {
  await reserve(file)
  try {
    const whose = await copy()
    mustBeCopy(file)
    return whose
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

/** Nothing is ever overwritten. */
async function reserve(file: string): Promise<void> {
  try {
    await (await open(file, 'wx')).close()
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new Error(`${nameOf(file)} is there already; name another file, or move it away`)
    throw error
  }
}

/** The copy that a running server makes; `undefined`: none runs there. */
async function askServer(dataDir: string): Promise<IncomingMessage | undefined> {
  const access = await backupAccessOf(dataDir)
  if (!access) return undefined
  const { socketPath, secret } = access
  try {
    const answer = await answerTo(request({ socketPath, path: '/', headers: { authorization: `Bearer ${secret}` } }))
    if (answer.statusCode === 200) return answer
    throw new Error(`the server could not make a copy: ${await text(answer)}`)
  } catch (error) {
    // Nobody listens: the server was killed.
    if (['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '')) return undefined
    throw error
  }
}

function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    asked.once('response', done).once('error', failed)
    asked.end()
  })
}
