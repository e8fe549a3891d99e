/** Which transport the client chooses for its next connection, after those that failed and those that worked. */
import { beforeEach, expect, it } from 'vitest'
import { TransportChoice } from '../../src/client/transport-choice.ts'

let choice: TransportChoice

beforeEach(() => {
  choice = new TransportChoice()
})

it('is HTTP after two blocked WebSockets in a row', () => {
  choice.webSocketBlocked()
  expect(choice.isHttp).toBe(false)
  choice.webSocketBlocked()
  expect(choice.isHttp).toBe(true)
})

it('stays a WebSocket if one in between worked', () => {
  for (let n = 0; n < 3; n += 1) {
    choice.webSocketBlocked()
    choice.succeeded()
  }
  expect(choice.isHttp).toBe(false)
  choice.webSocketBlocked()
  choice.webSocketBlocked()
  expect(choice.isHttp).toBe(true)
})

it('stays HTTP as long as it works, and is a WebSocket after it failed', () => {
  choice.webSocketBlocked()
  choice.webSocketBlocked()
  choice.succeeded()
  expect(choice.isHttp).toBe(true)
  choice.httpFailed()
  expect(choice.isHttp).toBe(false)
  // And again it takes two.
  choice.webSocketBlocked()
  expect(choice.isHttp).toBe(false)
})
