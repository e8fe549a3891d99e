/** The files that `npm run new-room` writes: a small working event room and its test, for authors to change. */

/** The text of the module. */
export function moduleText(): string {
  return `/** Greets newcomers and shows every wave to everyone. */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Wave to each other.',
  options: z.object({ greeting: z.string().default('hello') }),
  receives: { wave: z.object({ at: z.string().min(1).max(80) }) },
  sends: { waved: z.object({ from: z.string(), at: z.string() }), greeting: z.string() },

  open(room, options) {
    return {
      join(peer) {
        peer.send('greeting', \`\${options.greeting}, \${peer.name}\`)
      },
      receive: {
        wave: (peer, { at }) => room.publish('waved', { from: peer.name, at }),
      },
    }
  },
})
`
}

/** The text of the test of the module `name`. */
export function testText(name: string): string {
  const file = name.split('/').at(-1)
  return `import { openRoom } from 'corridor/testing'
import { expect, test } from 'vitest'
import definition from './${file}.ts'

test('greets a newcomer', async () => {
  const room = await openRoom(definition, { greeting: 'welcome' })
  const ann = room.join({ name: 'ann' })
  expect(await ann.next('greeting')).toMatchObject({ data: 'welcome, ann' })
})

test('shows a wave to everyone', async () => {
  const room = await openRoom(definition, { greeting: 'hello' })
  const ann = room.join({ name: 'ann' })
  const bob = room.join({ name: 'bob' })
  await ann.send('wave', { at: 'bob' })
  expect(await bob.next('waved')).toMatchObject({ data: { from: 'ann', at: 'bob' } })
})
`
}
