/** The words for an unknown name: the nearest known one, where one is near. */
import { expect, it } from 'vitest'
import { suggestion } from '../src/mistakes.ts'

it.each([
  ['Titel', ['limits', 'title', 'history'], 'did you mean "title"?'],
  ['idleafter', ['idleAfter', 'rejoinWithin'], 'did you mean "idleAfter"?'],
  // As near as a third of the name may be, and one farther.
  ['abcdef', ['abcdxy'], 'did you mean "abcdxy"?'],
  ['abcdef', ['abcxyz'], 'expected one of abcxyz'],
  // Of two that are as near, the first.
  ['room', ['rooms', 'roomy'], 'did you mean "rooms"?'],
  ['constructor', ['open', 'join'], 'expected one of open, join'],
])('of %s beside %j', (name, known, words) => {
  expect(suggestion(name, known)).toBe(words)
})
