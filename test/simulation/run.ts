/**
 * `npm run simulate -- --seed N --seeds N --steps N --machines N`: runs each seed twice (`--once`: once), compares the traces,
 * and says what was broken. `--trace` prints all that happens, `--kinds A,B` says which faults there are.
 */
import { parseArgs } from 'node:util'
import { simulate } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '100000' },
    seeds: { type: 'string', default: '1' },
    machines: { type: 'string', default: '3' },
    kinds: { type: 'string' },
    once: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const setting = { machines: Number(values.machines), ...(values.kinds && { kinds: values.kinds.split(',') }) }
const [first, steps, seeds] = [Number(values.seed), Number(values.steps), Number(values.seeds)]

let failures = 0
for (let seed = first; seed < first + seeds; seed += 1) {
  const begin = performance.now()
  const heard = (ms: number, text: string) => console.log(ms.toFixed(2), text)
  const once = await simulate(seed, steps, { ...setting, ...(values.trace && { heard }) })
  const seconds = (performance.now() - begin) / 1000
  const again = values.once ? once : await simulate(seed, steps, setting)
  const isSame = once.hash === again.hash
  const rate = Math.round(once.steps / seconds)
  console.log(`seed ${seed}: ${once.steps} steps, ${Math.round(once.ms / 1000)} s, ${rate} steps/s, trace ${once.hash}`)
  console.log(`  ${JSON.stringify(once.counts)} ${JSON.stringify(Object.fromEntries(once.faults))}`)
  if (!isSame) console.log(`  NOT THE SAME: the second run has the trace ${again.hash}, ${again.steps} steps`)
  for (const what of once.broken) console.log(`  BROKEN ${what}`)
  for (const [text, count] of once.logged) console.log(`  logged ${count} x ${text}`)
  if (!isSame || once.broken.length > 0) failures += 1
}
process.exitCode = failures > 0 ? 1 : 0
