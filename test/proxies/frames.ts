/** Autobahn's cases through a proxy: what a server does with a frame is its own doing, also behind a proxy. */
import { describe, expect, it } from 'vitest'
import { ECHO, runCases } from '../autobahn/runner.ts'
import { tell } from '../support/figures.ts'
import type { ProxyKind } from './proxy.ts'
import { stageOf } from './stage.ts'

export function describeFrames(kind: ProxyKind): void {
  describe(`${kind.component} and frames`, () => {
    const stage = stageOf(kind)

    it('changes the verdict of no Autobahn case', async () => {
      const { ws, servers } = await stage.open({ setup: { rooms: { '/echo': ECHO } } })
      const direct = await runCases(`${servers[0]?.ws}/echo`)
      const through = await runCases(`${ws}/echo`)
      const verdicts = (results: typeof direct) => results.map(({ id, verdict }) => `${id} ${verdict}`)
      const differences = verdicts(through).filter((verdict, index) => verdict !== verdicts(direct)[index]).length
      tell('F2', `differences through ${kind.component}`, `${differences} of ${direct.length}`)
      expect(verdicts(through)).toEqual(verdicts(direct))
    }, 60_000)
  })
}
