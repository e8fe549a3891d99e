/**
 * What is under way in a room that loses its log: every sender is answered at once, nothing that is not kept is heard, and
 * what is sent again into the next opening is kept once.
 */
import { describe, expect, it } from 'vitest'
import { post } from '../support/event-stream.ts'
import { LOSING } from '../support/losing-log.ts'
import { lostRooms } from '../support/lost-rooms.ts'
import { LostStage } from '../support/lost-stage.ts'
import { eventStream, plainPost, type Sender, socketIo, type WireUnderTest, webSocket } from '../support/senders.ts'

const WIRES: readonly WireUnderTest[] = [webSocket, socketIo('websocket'), socketIo('polling'), eventStream, plainPost]
const LIMITS = { rate: { perSecond: 1e5, burst: 1e5 } }

describe.each(LOSING)('what is under way when a room loses its log %s', (_, open) => {
  const fixture = lostRooms()
  const start = async () => {
    const stage = new LostStage()
    const line = { definition: stage.definition, limits: LIMITS }
    await fixture.start(open, { '/room': line, '/other': { ...line, definition: new LostStage().definition } })
    const listener = await fixture.server.connect('/room', { client: 'listener' })
    await listener.next('welcome')
    return { stage, listener, losing: fixture.losing }
  }
  const kept = async () => {
    const page = await fetch(`${fixture.server.url}/room?offset=-1`)
    return ((await page.json()) as { data: string }[]).map(({ data }) => data)
  }

  describe.each(WIRES.map((wire) => [wire.name, wire] as const))('over %s', (__, wire) => {
    const enter = (client = 'ann'): Promise<Sender> => wire.sender(fixture.server, '/room', client)

    it('is answered as unavailable, is heard by nobody, and can be sent again', async () => {
      const { stage, listener, losing } = await start()
      const [ann, ben] = [await enter(), await enter('ben')]
      losing.hold()
      const answers = [ann.say('say', 'a', '1'), ben.say('wait', 'w', '1')]
      await expect.poll(() => stage.calls).toEqual(expect.arrayContaining(['a', 'w']))
      losing.lose('/room')
      losing.drop()
      // No time passes for them.
      expect(await Promise.all(answers)).toEqual(['unavailable', 'unavailable'])
      await expect(listener.next()).rejects.toThrow('1012')
      stage.gate.resolve()
      const again = await enter()
      expect(await again.say('say', 'a', '1')).toBe('kept')
      expect(stage.count('a')).toBe(2)
      await expect.poll(() => stage.refused).toEqual(['a unavailable', 'unavailable'])
      expect(await kept()).toEqual(['a'])
    })

    it('is kept once, also where it was kept without a word', async () => {
      const { stage, losing } = await start()
      const ann = await enter()
      losing.hold()
      const answer = ann.say('say', 'a', '1')
      await expect.poll(() => stage.calls).toContain('a')
      losing.lose('/room', true)
      expect(await answer).toBe('unavailable')
      const again = await enter()
      expect(await again.say('say', 'a', '1')).toBe('kept')
      expect(stage.count('a')).toBe(1)
      expect(await kept()).toEqual(['a'])
    })
  })

  it('fails a batch that is open or waits, with nothing kept of it', async () => {
    const { stage, losing } = await start()
    const url = `${fixture.server.url}/room?client=ann`
    const say = (data: string) => ({ type: 'say', data, id: data })
    losing.hold()
    const waiting = post(url, [say('a'), say('b')])
    await expect.poll(() => stage.calls).toContain('b')
    stage.onCall = () => losing.lose('/room')
    const midst = post(url, [say('c'), { type: 'call', data: 'd' }, say('e')])
    expect([(await waiting).status, (await midst).status]).toEqual([503, 503])
    losing.drop()
    expect((await post(url, [say('a'), say('b'), say('c')])).status).toBe(204)
    expect(await kept()).toEqual(['a', 'b', 'c'])
  })

  it('is lost in the middle of a handler: what it still wants to keep is refused', async () => {
    const { stage, listener, losing } = await start()
    stage.onCall = () => losing.lose('/room')
    const ann = await webSocket.sender(fixture.server, '/room', 'ann')
    expect(await ann.say('call', 'a', '1')).toBe('unavailable')
    expect(await listener.closed).toMatchObject({ code: 1012 })
    stage.onCall = () => {}
    const again = await webSocket.sender(fixture.server, '/room', 'ann')
    expect(await again.say('call', 'a', '1')).toBe('kept')
    expect(await kept()).toEqual(['a'])
  })

  it('answers a room that waits for it, which can say it again', async () => {
    const { losing, stage } = await start()
    const ann = await fixture.server.connect('/other', { client: 'ann' })
    losing.hold()
    ann.send('ask', '/room')
    // What another room says leaves when its own step is kept: it has none.
    await expect.poll(() => stage.calls).toContain('asked')
    losing.lose('/room')
    losing.drop()
    expect((await ann.next('answer')).data).toEqual({ code: 'unavailable' })
    ann.send('ask', '/room')
    expect((await ann.next('answer')).data).toMatchObject({ seq: 1 })
    expect(await kept()).toEqual(['asked'])
  })
})
