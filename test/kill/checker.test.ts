/** The checker finds every fault that is planted, and none where there is none: one never seen to fail proves nothing. */
import { describe, expect, it } from 'vitest'
import { check, type Entry, type Heard, type History, type Said } from './checker.ts'

const KEYS = ['a', 'b', 'c', 'd']
const log: Entry[] = KEYS.map((key, index) => ({ seq: index + 1, key }))
const said: Said[] = KEYS.map((key, index) => ({ key, outcome: 'acked', seq: index + 1 }))
const event = (seq: number, key = KEYS[seq - 1] ?? '?'): Heard => ({ kind: 'event', seq, key })
const newcomer: Heard = { kind: 'welcome', asked: false, resumed: undefined, seq: 0 }
const welcome = (resumed: boolean | undefined, seq = 2): Heard => ({ kind: 'welcome', asked: true, resumed, seq })
const whole: Heard[] = [newcomer, event(1), event(2), welcome(true), event(3), event(4)]

const verdict = (change: { said?: Said[]; log?: Entry[]; heard?: Heard[] }): string[] => {
  const history: History = {
    said: change.said ?? said,
    log: change.log ?? log,
    heard: new Map([
      ['ann', whole],
      ['ben', change.heard ?? whole],
    ]),
  }
  return check(history).anomalies
}

describe('the checker', () => {
  it('has nothing to say of a good history, and counts it', () => {
    const heard = new Map([['ann', whole]])
    expect(check({ said, log, heard })).toEqual({ acked: 4, delivered: 4, resumed: 1, told: 0, anomalies: [] })
  })

  it('lets a refused message be in the log or not: only an ack is a promise', () => {
    const more: Said[] = [...said, { key: 'e', outcome: 'refused' }]
    expect(verdict({ said: more })).toEqual([])
    const shorter: Said[] = said.map((one) => (one.key === 'd' ? { key: 'd', outcome: 'refused' } : one))
    expect(verdict({ said: shorter })).toEqual([])
  })

  it('lets retention take what everyone has heard', () => {
    expect(verdict({ log: log.slice(2) })).toEqual([])
  })

  it('lets a subscriber miss events that were reported to it as missing', () => {
    expect(verdict({ heard: [newcomer, event(1), welcome(false, 4), event(4)] })).toEqual([])
    expect(verdict({ heard: [newcomer, event(1), { kind: 'reset', seq: 4 }, event(3), event(4)] })).toEqual([])
  })
})

describe('the checker finds', () => {
  it('an acknowledged message that is not in the log', () => {
    expect(verdict({ said: [...said, { key: 'e', outcome: 'acked', seq: 5 }] })).toEqual([
      'lost: e was acked at 5 and is not in the log',
    ])
  })

  it('an acknowledged message that is lost below what retention keeps, unless it was heard', () => {
    const unheard: Said[] = [...said, { key: 'e', outcome: 'acked', seq: 1 }]
    expect(verdict({ said: unheard, log: log.slice(2) })).toEqual(['lost: e was acked at 1 and is not in the log'])
  })

  it('a message that stands elsewhere than its ack said', () => {
    const moved: Said[] = said.map((one) => (one.key === 'b' ? { ...one, seq: 3 } : one))
    expect(verdict({ said: moved })).toEqual(['inconsistent: b was acked at 3 and stands at 2'])
  })

  it('a message without an answer', () => {
    expect(verdict({ said: [...said, { key: 'e', outcome: 'unanswered' }] })).toEqual(['unanswered: e'])
  })

  it('a message that is in the log twice', () => {
    const twice = [...log, { seq: 5, key: 'a' }]
    const heard: Heard[] = [...whole, { kind: 'event', seq: 5, key: 'a' }]
    const anomalies = check({ said, log: twice, heard: new Map([['ann', heard]]) }).anomalies
    expect(anomalies).toContain('double: a is in the log at 1 and at 5')
  })

  it('an event that nobody said', () => {
    expect(verdict({ said: said.slice(0, 3) })).toEqual(['phantom: d at 4 was never said'])
  })

  it('a hole in the log', () => {
    expect(verdict({ log: log.filter(({ seq }) => seq !== 3) })).toContain('gap: the log goes from 2 to 4')
  })

  it('a gap in what a subscriber received, also after a resume that was reported as complete', () => {
    expect(verdict({ heard: [newcomer, event(1), event(2), event(4)] })).toEqual(['gap: heard 2 and then 4 (ben)'])
    expect(verdict({ heard: [newcomer, event(1), welcome(true), event(3), event(4)] })).toEqual([
      'gap: heard 1 and then 3 (ben)',
    ])
  })

  it('a hole before the first event of who came when the log was empty', () => {
    expect(verdict({ heard: [newcomer, event(2), event(3), event(4)] })).toEqual(['gap: heard 0 and then 2 (ben)'])
  })

  it('an event that a subscriber heard twice', () => {
    expect(verdict({ heard: [newcomer, event(1), event(2), event(2), event(3), event(4)] })).toEqual([
      'double: heard 2 twice (ben)',
    ])
  })

  it('a step back', () => {
    const heard = [newcomer, event(1), event(2), event(3), welcome(true), event(2), event(3), event(4)]
    expect(verdict({ heard })).toEqual(['order: heard 3 and then 2 (ben)'])
  })

  it('two subscribers who heard different things at one place', () => {
    const heard = [newcomer, event(1), event(2, 'c'), event(3, 'b'), event(4)]
    expect(verdict({ heard })).toEqual([
      'inconsistent: heard c at 2, where others have b (ben)',
      'inconsistent: heard b at 3, where others have c (ben)',
    ])
  })

  it('the same where the log no longer has it', () => {
    const heard = [newcomer, event(1, 'x'), event(2), event(3), event(4)]
    expect(verdict({ heard, log: log.slice(2) })).toEqual(['inconsistent: heard x at 1, where others have a (ben)'])
  })

  it('a resume that was not answered', () => {
    expect(verdict({ heard: [newcomer, event(1), event(2), welcome(undefined), event(3), event(4)] })).toEqual([
      'silent: asked to resume and was not told (ben)',
    ])
  })

  it('a subscriber that never heard the end', () => {
    expect(verdict({ heard: whole.slice(0, -1) })).toEqual(['unheard: the log ends at 4, heard up to 3 (ben)'])
  })
})
