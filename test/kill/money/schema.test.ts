/** Schemas of the storage that were changed between two starts of a server: they fit what is stored, or the room says why not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { tally } from '../../support/figures.ts'
import { Victim } from '../victim.ts'

const src = (file: string) => pathToFileURL(fileURLToPath(new URL(`../../../src/${file}`, import.meta.url))).href

let victim: Victim

afterEach(() => victim.remove())

/** What the room makes of its stored balance. */
const start = async (balance: string) => {
  const text = `import { z } from '${import.meta.resolve('zod')}'
    import { defineRoom } from '${src('define.ts')}'
    export default defineRoom({
      stores: { balance: ${balance} },
      receives: { set: z.any(), get: z.any() },
      sends: { is: z.any() },
      open: (room) => ({
        receive: {
          set: (_, value) => room.storage.set('balance', value),
          get: () => room.publish('is', room.storage.get('balance')),
        },
      }),
    })`
  writeFileSync(join(victim.folder, 'room.mjs'), text)
  await victim.start()
}
const post = async (type: string, data: unknown): Promise<{ status: number; text: string }> => {
  const body = JSON.stringify({ type, data })
  const answer = await fetch(`${victim.url}room`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}
/** What it has published last. */
const last = () => JSON.parse(String(rows('SELECT json FROM events ORDER BY seq DESC LIMIT 1')[0]?.json)).data
const rows = (sql: string) => {
  const db = new DatabaseSync(victim.database)
  const all = db.prepare(sql).all()
  db.close()
  return all
}

it('a default, a union and a preprocess move what is stored; one that does not fit keeps the room closed', async () => {
  const check = tally('RM4', 'starts that went wrong')
  victim = await Victim.make(undefined, 'room.mjs')
  await start('z.int()')
  await check(async () => expect((await post('set', 7)).status).toBe(204))
  await victim.kill()
  await start(
    'z.preprocess((v) => (typeof v === "number" ? { cents: v * 100 } : v), z.object({ cents: z.int(), currency: z.string().default("EUR") }))',
  )
  await check(async () => expect((await post('get', 1)).status).toBe(204))
  await victim.kill()
  await check(() => expect(last()).toEqual({ cents: 700, currency: 'EUR' }))
  await start('z.object({ cents: z.int() })')
  await check(async () => {
    expect((await post('get', 1)).status).toBe(503)
    await expect.poll(() => victim.output).toMatch(/storage\.balance.*expected/)
  })
  await victim.kill()
  await start('z.union([z.int(), z.string()])')
  await check(async () => expect((await post('set', 'eight')).status).toBe(204))
  await victim.end()
  await check(() => expect(rows('SELECT value FROM storage')).toEqual([{ value: '"eight"' }]))
})
