/** Errors of room code outside its handlers: in a promise that nobody awaits, and in its own timer. */
import { expect, it } from 'vitest'
import { connect } from '../support/client.ts'
import { openProject } from '../support/project.ts'

const project = openProject()
const toWs = (url: string) => url.replace(/^http/, 'ws')

const CARELESS = `import { defineRoom } from 'corridor'
const leaves = {
  promise: () => { void Promise.reject(new Error('nobody awaits it')) },
  nothing: () => { void Promise.reject(undefined) },
  timer: () => { setTimeout(() => { throw new Error('nobody catches it') }, 1) },
}
export default defineRoom({ open: () => ({ message: (peer, data) => { leaves[data](); peer.send('heard') } }) })
`

async function open() {
  project.put('rooms/careless.ts', CARELESS)
  project.putRooms({ '/careless': { module: 'careless' }, '/echo': { module: 'echo' } })
  const server = project.start({ DRAIN_MS: '3000' })
  const ws = toWs(await server.url())
  return { server, careless: await connect(`${ws}/careless`), echo: await connect(`${ws}/echo`) }
}

it('a rejected promise that nobody awaits is logged, and no room notices', async () => {
  const { server, careless, echo } = await open()
  for (const what of ['promise', 'nothing']) {
    careless.sendText(what)
    expect(await careless.nextText()).toBe('heard')
  }
  await server.text(
    /nobody awaits it[^\n]*a rejected promise was not awaited[^\n]*\n[^\n]*a rejected promise was not awaited/,
  )
  echo.sendText('still here')
  expect(await echo.nextText()).toBe('still here')
  server.kill('SIGTERM')
  expect(await server.exited).toEqual({ code: 0, signal: null })
})

it('an error that nobody catches sends everyone away to come back, and the server ends with 1', async () => {
  const { server, careless, echo } = await open()
  careless.sendText('timer')
  expect(await careless.nextText()).toBe('heard')
  expect((await careless.closed).code).toBe(1012)
  expect((await echo.closed).code).toBe(1012)
  expect(await server.exited).toEqual({ code: 1, signal: null })
  await server.text(/nobody catches it[^\n]*outside every handler/)
})
