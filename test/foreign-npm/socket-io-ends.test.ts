/** The ends that the stock client of Socket.IO meets: which it is told, and after which it comes back by itself. */
import { describe, expect, it } from 'vitest'
import { openStage } from './stage.ts'
import { openVisits } from './visits.ts'

const stage = openStage()
const visit = openVisits(() => stage.url)

describe.each([['websocket'], ['polling']])('by %s, a client', (way) => {
  const transports = [way]

  it('that leaves stays away, and the room knows at once', async () => {
    const ben = await stage.server.connect(`/notes/leaves-${way}`)
    const ann = visit(`/notes/leaves-${way}`, { transports, auth: { name: 'Ann', client: 'ann' } })
    await ann.next('welcome')
    ann.socket.disconnect()
    expect(await ann.ends.next('the end')).toBe('io client disconnect')
    expect(ann.socket.active).toBe(false)
    expect(await ben.next('left')).toMatchObject({ data: { name: 'Ann' } })
    await ben.close()
  })

  it('that the room closed is told why, and stays away', async () => {
    const ann = visit(`/notes/closed-${way}`, { transports })
    await ann.next('welcome')
    ann.socket.emit('leave')
    expect((await ann.next('error'))[0]).toEqual({ code: 'closed', message: 'you said so', close: 3000 })
    expect(await ann.ends.next('the end')).toBe('io server disconnect')
    expect(ann.socket.active).toBe(false)
    ann.socket.connect()
    await ann.next('welcome')
    expect(ann.socket.active).toBe(true)
  })

  it('that lost its connection comes back by itself', async () => {
    const ann = visit(`/notes/lost-${way}`, { transports })
    await ann.next('welcome')
    expect(await ann.say('note', { text: 'one' })).toMatchObject({ ok: true })
    // A client that polls does not notice if it is cut off between two polls.
    const cut = () => {
      if (ann.ends.all.length === 0) stage.proxy.cut()
      return ann.ends.all.length
    }
    await expect.poll(cut).toBeGreaterThan(0)
    expect(await ann.ends.next('the end')).toMatch(/^transport (close|error)$/)
    expect(ann.socket.active).toBe(true)
    expect((await ann.next('welcome'))[0]).toMatchObject({ resumed: true })
    expect(ann.socket.recovered).toBe(true)
    expect(await ann.say('note', { text: 'two' })).toMatchObject({ ok: true, seq: 2 })
  })

  it('of a server that restarts is told so, and comes back by itself', async () => {
    const ann = visit(`/notes/restart-${way}`, { transports })
    await ann.next('welcome')
    await ann.say('note', { text: 'one' })
    const restarted = stage.restart()
    expect((await ann.next('error'))[0]).toMatchObject({ code: 'closed', message: expect.any(String), close: 1012 })
    expect(await ann.ends.next('the end')).toMatch(/^transport (close|error)$/)
    expect(ann.socket.active).toBe(true)
    await restarted
    expect((await ann.next('welcome'))[0]).toMatchObject({ resumed: true })
    expect(await ann.say('note', { text: 'two' })).toMatchObject({ ok: true, seq: 2 })
    expect(ann.heard.all.filter(([type]) => type === 'noted')).toHaveLength(2)
  })

  it('that comes while the server drains tries until it is back', async () => {
    const drain = await stage.drain()
    const ann = visit(`/notes/drains-${way}`, { transports })
    expect(await ann.refusals.next('a failed try')).toMatch(/error/)
    expect(ann.socket.active).toBe(true)
    await drain.restart()
    await ann.next('welcome')
  })

  it('that finds nobody tries again, until there is somebody', async () => {
    let isSilent = true
    const silent = await stage.openProxy(() => isSilent)
    const ann = visit(`http://127.0.0.1:${silent.port}/notes/silent`, { transports })
    for (let tries = 0; tries < 3; tries += 1) expect(await ann.refusals.next('a failed try')).toMatch(/error/)
    expect(ann.socket.active).toBe(true)
    isSilent = false
    await ann.next('welcome')
  })
})
