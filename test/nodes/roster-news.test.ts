/** What the server's log says of nodes that come and go. */
import { expect, it } from 'vitest'
import { beatsStage } from './beats-stage.ts'

it('each node that comes, dies, comes back or ends is named once, with its address', async () => {
  const stage = beatsStage()
  const [one, two, three] = [await stage.node(), await stage.node(), await stage.node()]
  await stage.pass(5000)
  const here = (address: string) => `another node is here ${address}`
  expect(one.news).toEqual([here('10.0.0.2:7000'), here('10.0.0.3:7000')])
  await three.beats.end()
  await stage.pass(2000)
  expect(one.news.splice(0, 3).at(-1)).toBe('another node has ended 10.0.0.3:7000')
  two.process.pause()
  await stage.pass(20_000)
  expect(one.news.splice(0)).toEqual([expect.stringMatching(/^another node is dead or frozen: .* 10\.0\.0\.2:7000$/)])
  two.process.goOn()
  await stage.pass(5000)
  expect(one.news).toEqual([here('10.0.0.2:7000')])
})

it('a node that had died before says nothing', async () => {
  const stage = beatsStage()
  const dead = await stage.node()
  await stage.pass(3000)
  dead.process.die()
  await stage.pass(1000)
  const one = await stage.node()
  await stage.pass(30_000)
  expect(one.news).toEqual([])
})
