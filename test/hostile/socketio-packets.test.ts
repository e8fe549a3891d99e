/**
 * Packets of Socket.IO and Engine.IO that are no good, over a WebSocket, among them those of every published vulnerability
 * of its servers (catalogue: F9). Each ends its sender, or does nothing; the honest peers of the same room go on.
 */
import { describe, expect, it } from 'vitest'
import { frame, Op } from '../support/bare-frames.ts'
import { openBesieged } from '../support/besieged.ts'
import { tellWrong } from '../support/figures.ts'

const siege = openBesieged()
const placeholder = (num: unknown) => `{"_placeholder":true,"num":${JSON.stringify(num)}}`
const bytes = Buffer.from([1, 2, 3])

tellWrong('F9', 'wrong answers to packets')

describe('a packet that ends its sender', () => {
  const ENDS: [string, (string | Uint8Array)[]][] = [
    ['a huge number of attachments (CVE-2026-33151)', ['451000000-/talk,["say"]']],
    ['one attachment too many', [`4511-/talk,["say",${placeholder(0)}]`]],
    ['no attachment where there should be (CVE-2026-69185)', ['450-/talk,["say"]']],
    ['a negative number of attachments', ['45-1-/talk,["say"]']],
    ['half an attachment', ['450.5-/talk,["say"]']],
    ['a number of attachments with an exponent', ['451e9-/talk,["say"]']],
    ['a number of attachments that is none', ['45NaN-/talk,["say"]']],
    ['a number of attachments without its end', ['451']],
    ['no number of attachments', ['45-/talk,["say"]']],
    ['text where an attachment should come', [`451-/talk,["say",${placeholder(0)}]`, '42/talk,["say",1]']],
    ['an attachment that nobody announced', [bytes]],
    ['a placeholder of an attachment that is not there', [`451-/talk,["say",${placeholder(9)}]`, bytes]],
    ['a placeholder with a name (CVE-2022-2421)', [`451-/talk,["say",${placeholder('splice')}]`, bytes]],
    ['a placeholder that reaches a prototype', [`451-/talk,["say",${placeholder('__proto__')}]`, bytes]],
    ['a placeholder below zero', [`451-/talk,["say",${placeholder(-1)}]`, bytes]],
    ['an unknown packet', ['47/talk,["say"]']],
    ['a letter for a packet', ['4x/talk,["say"]']],
    ['an object for an event', ['42/talk,{"say":1}']],
    ['an object for an event, of the root', ['42{"0":"say"}']],
    ['a text for an event', ['42/talk,"say"']],
    ['JSON that ends too early', ['42/talk,["say"']],
    ['an object for the name of an event (CVE-2023-32695)', ['42/talk,[{"toString":"foo"}]']],
    ['the same for the root (CVE-2023-32695)', ['42[{"toString":"foo"}]']],
    ['a list for the name of an event', ['42/talk,[["say"],1]']],
    ['null for the name of an event', ['42/talk,[null]']],
    ['an event without a name', ['42/talk,[]']],
    ['the reserved name connect', ['42/talk,["connect"]']],
    ['the reserved name connect_error', ['42/talk,["connect_error",{}]']],
    ['the reserved name disconnect', ['42/talk,["disconnect","transport close"]']],
    ['the reserved name disconnecting', ['42/talk,["disconnecting"]']],
    ['the reserved name newListener', ['42/talk,["newListener","say"]']],
    ['the reserved name removeListener', ['42/talk,["removeListener","say"]']],
    ['an ack that is no list', ['43/talk,1{"a":1}']],
    ['a refusal, which only a server sends', ['44/talk,{"message":"no"}']],
    ['a second connect to a room it is in', ['40/talk,{}']],
    ['an event for a room it is not in', ['42/elsewhere,["say",1]']],
    ['an event for the root, which it is not in', ['42["say",1]']],
    ['a disconnect of a room it is not in', ['41/elsewhere']],
    ['an ack for a room it is not in', ['43/elsewhere,1[]']],
    ['a disconnect with something in it', ['41/talk,{"reason":1}']],
    ['auth that is a list', ['40/other,[1,2]']],
    ['auth that is a text', ['40/other,"token"']],
    ['auth that is no JSON', ['40/other,{"token":']],
    ['an empty message', ['4']],
    ['a ping, which only a server sends', ['2probe']],
    ['a frame without a type', ['']],
    ['a type of packet that is none', ['9']],
  ]

  it.each(ENDS)('%s', async (_, packets) => {
    const attacker = await siege.join()
    for (const packet of packets) await attacker.say(packet)
    expect(await attacker.heard('nothing of the kind')).toBeUndefined()
  })

  it('a message larger than the room takes ends it in that room', async () => {
    const attacker = await siege.join()
    await attacker.say(`42/talk,["say","${'x'.repeat(70_000)}"]`)
    expect(await attacker.heard('41/talk')).toBeDefined()
  })

  const FRAMES: [string, Buffer, number][] = [
    ['a reserved bit that was not agreed on (CVE-2022-21676)', frame(Op.text, '3', { rsv: 4 }), 1002],
    ['a compressed bomb that was not agreed on', frame(Op.text, Buffer.alloc(1000), { rsv: 4 }), 1002],
    ['text that is no UTF-8', frame(Op.text, Buffer.from([0x34, 0x32, 0xff, 0xfe])), 1007],
    ['an opcode that is none', frame(5, '42'), 1002],
    ['a frame that is not masked', frame(Op.text, '3', { mask: undefined }), 1002],
    ['a length of 2^62', frame(Op.text, '', { length: 2n ** 62n }), 1009],
    ['a gigabyte that is announced', frame(Op.text, '42', { length: 2n ** 30n }), 1009],
  ]

  it.each(FRAMES)('%s', async (_, bytes, code) => {
    const attacker = await siege.join()
    await attacker.peer.write(bytes)
    expect([code, 1006]).toContain(await attacker.peer.closed())
  })
})

describe('a packet that does nothing', () => {
  const NAMES = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'error',
    'ping',
    'message',
    'drain',
  ]
  const IGNORED: [string, (string | Uint8Array)[]][] = [
    ...NAMES.map((name): [string, string[]] => [`an event ${name}`, [`42/talk,["${name}",{"a":1}]`]]),
    ...NAMES.map((name): [string, string[]] => [`an event ${name} with an ack`, [`42/talk,5["${name}",{"a":1}]`]]),
    ['an event without data named error (CVE-2024-38355)', ['42/talk,["error"]']],
    ['a number for the name of an event', ['42/talk,[5,"x"]']],
    ['a number beyond all bounds for it', ['42/talk,[1e400,"x"]']],
    ['an empty name', ['42/talk,["","x"]']],
    ['a long name', [`42/talk,["${'n'.repeat(50_000)}"]`]],
    ['a name with control characters', ['42/talk,["\\u0000\\r\\n\\u2028"]']],
    ['the names of the server for its own events', ['42/talk,["welcome",{}]', '42/talk,["reset",{}]']],
    ['ten arguments', ['42/talk,["say",1,2,3,4,5,6,7,8,9,10]']],
    ['options that are none', ['42/talk,["say",1,5]', '42/talk,["say",1,null]', '42/talk,["say",1,{"id":{}}]']],
    ['options with an id that is too long', [`42/talk,["say",1,{"id":"${'i'.repeat(2000)}"}]`]],
    ['bytes in the data of an event room', [`451-/talk,["say",${placeholder(0)}]`, bytes]],
    ['bytes and an ack', [`451-/talk,8["say",${placeholder(0)}]`, bytes]],
    ['an ack that nobody asked for', ['43/talk,0[]', '43/talk,99999999999999999999["x"]']],
    ['an ack with a number of 400 digits', [`43/talk,${'9'.repeat(400)}[]`]],
    ['a binary ack that nobody asked for', [`461-/talk,1[${placeholder(0)}]`, bytes]],
    ['an event that asks for an ack with a number of 400 digits', [`42/talk,${'9'.repeat(400)}["say",1]`]],
    ['auth that is a number', ['40/other,7']],
    ['data that is too deep', [`42/talk,["say",${'['.repeat(200)}${']'.repeat(200)}]`]],
    ['data that reaches a prototype', ['42/talk,["say",{"__proto__":{"polluted":true}}]']],
    ['data with a constructor', ['42/talk,["say",{"constructor":{"prototype":{"polluted":true}}}]']],
    ['pongs that nobody asked for', Array.from({ length: 100 }, () => '3')],
  ]

  it.each(IGNORED)('%s', async (_, packets) => {
    const attacker = await siege.join()
    for (const packet of packets) await attacker.say(packet)
    expect(await attacker.fate('/talk')).toBe('served')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
