/** Which origins fit what a room lists, and which entries of the list no page could ever have. */
import { describe, expect, it } from 'vitest'
import { listedOrigin } from '../../src/config/listed-origin.ts'
import { mayEnter } from '../../src/gate/origin.ts'

const enters = (listed: string, origin: string) => mayEnter([listedOrigin(listed)], origin, 'own.example')

describe('"*" in a listed origin', () => {
  it.each([
    ['https://*.example.org', 'https://a.example.org'],
    ['https://*.example.org', 'https://a.b-c.example.org'],
    ['https://*.example.org', 'https://xn--mnchen-3ya.example.org'],
    ['HTTPS://*.Example.org:443/', 'https://a.example.org'],
    ['https://*.example.org:8443', 'https://a.example.org:8443'],
    ['https://app.*.example.org', 'https://app.x.y.example.org'],
    ['https://*.münchen.example', 'https://a.xn--mnchen-3ya.example'],
    ['https://*', 'https://any.example'],
    ['chrome-extension://*', 'chrome-extension://abcdefghijklmnop'],
    ['wss://*.example.org', 'https://a.example.org'],
  ])('%s lets %s in', (listed, origin) => {
    expect(enters(listed, origin)).toBe(true)
  })

  it.each([
    'https://example.org',
    'https://.example.org',
    'https://a..example.org',
    'https://evilexample.org',
    'https://a.example.org.evil.example',
    'https://a.example.org.',
    'https://a.example.org:8443',
    'https://evil.example:1.example.org',
    'http://a.example.org',
    'ws://a.example.org',
    'https://A.example.org',
    'HTTPS://a.example.org',
    'https://user@a.example.org',
    'https://evil.example/.example.org',
    'https://evil.example#.example.org',
    'https://evil.example?.example.org',
    'https://evil.example\\.example.org',
    'https://evil.example, https://a.example.org',
    'https://*.example.org',
    `https://${'a.'.repeat(5000)}example.org`,
    'null',
    'file://',
    '',
  ])('for one label or more of that host alone: not %s', (origin) => {
    expect(enters('https://*.example.org', origin)).toBe(false)
  })
})

describe('an origin without a site', () => {
  it('can be listed where a browser names it: file://', () => {
    expect(enters('file://', 'file://')).toBe(true)
    expect(enters('file:///', 'file://')).toBe(true)
    expect(enters('file://', 'file://host')).toBe(false)
    expect(enters('https://*', 'file://')).toBe(false)
    expect(mayEnter('same', 'file://', 'own.example')).toBe(false)
  })
})

describe('a page of the server itself', () => {
  it('may come in where others are listed too, also as programs write it', () => {
    for (const origin of ['http://own.example', 'http://own.example/', 'ws://own.example', 'ws://OWN.example:80/'])
      for (const origins of ['same' as const, [listedOrigin('https://a.example')]])
        expect([origin, mayEnter(origins, origin, 'own.example')]).toEqual([origin, true])
    expect(mayEnter('same', 'wss://own.example', 'own.example', true)).toBe(true)
    expect(mayEnter('same', 'ws://own.example', 'own.example', true)).toBe(false)
  })
})

describe('an entry that can never fit is refused, and says why:', () => {
  it.each([
    ['*', 'expected "*" alone'],
    ['same', 'expected other sites only'],
    ['null', 'expected an origin that one site has'],
    ['file:///home/ann', 'expected "file://" alone'],
    ['file://host', 'expected "file://" alone'],
    ['data://x', 'a browser sends "null"'],
    ['*.example.org', 'expected one "*" for whole labels'],
    ['https://*.*.example.org', 'expected one "*" for whole labels'],
    ['https://a*.example.org', 'expected one "*" for whole labels'],
    ['https://*a.example.org', 'expected one "*" for whole labels'],
    ['http://localhost:*', 'expected one "*" for whole labels'],
    ['*://example.org', 'expected one "*" for whole labels'],
    ['https://app.*', 'expected a "*" before the end of the host'],
    ['https://app.*:8443', 'expected a "*" before the end of the host'],
    ['http://*.1.1', 'expected an origin such as'],
    ['https://.*.org', 'expected an origin such as'],
    ['https://a..org', 'expected an origin such as'],
    ['https://', 'expected an origin such as'],
    ['example.org', 'expected an origin such as'],
    ['https:example.org', 'expected an origin such as'],
    ['https://example.org:99999', 'expected an origin such as'],
    ['https://user@example.org', 'expected an origin such as'],
    ['https://example.org/app', 'expected an origin such as'],
    ['https://example.org?x', 'expected an origin such as'],
    [' https://example.org', 'expected an origin such as'],
    ['https://exa mple.org', 'expected an origin such as'],
  ])('%j', (entry, message) => {
    expect(() => listedOrigin(entry)).toThrow(message)
  })
})
