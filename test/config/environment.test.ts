/** The environment: defaults, forms, and the words for what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../src/config/environment.ts'
import { ConfigError } from '../../src/mistakes.ts'

const folder = mkdtempSync(join(tmpdir(), 'corridor-environment-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A pair made for this test alone; nothing trusts it. */
const CERT = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUQwBTnBtap3xw2FoR4yu/7BNJZv0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDE5MzczMFoYDzIxMjYxMDI3
MTkzNzMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ7BRcAJgBLfYTJt6prnvB6vrSfuQ1ofIjL4i2B2rYJrEwX5aeOZ+Kz
1EPKf7dXjIGs/IVbfCDR5lEf2U/BqRkio1MwUTAdBgNVHQ4EFgQUgLgHOaTrLAcz
P4dkuNGFl/TT19EwHwYDVR0jBBgwFoAUgLgHOaTrLAczP4dkuNGFl/TT19EwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB+cqAW2Trnv16wpiKUb9G0
Hr522QcDuFbPcopSP9ef2wIgejbUmJ5JvJq5RVOLrvxHyoy4mxZDdMFAg9lX4qK1
kQI=
-----END CERTIFICATE-----
`
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbs5Anr6Vd4wvfa8h
Huq8pW7EQoOOjmvztYUi4BRa3yOhRANCAAQ7BRcAJgBLfYTJt6prnvB6vrSfuQ1o
fIjL4i2B2rYJrEwX5aeOZ+Kz1EPKf7dXjIGs/IVbfCDR5lEf2U/BqRki
-----END PRIVATE KEY-----
`

/** Every mistake that `env` makes. */
function mistakes(env: Record<string, string>): readonly string[] {
  try {
    readEnvironment(env, folder)
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}

describe('what is not set', () => {
  it('has the defaults of the contract', () => {
    expect(readEnvironment({}, '/srv/corridor')).toEqual({
      host: '127.0.0.1',
      port: 3000,
      basePath: '',
      rooms: '/srv/corridor/rooms/rooms.json',
      dataDir: '/srv/corridor/data',
      redisUrl: undefined,
      linkHost: undefined,
      linkPort: 0,
      trustProxy: [],
      tls: undefined,
      logLevel: 'info',
      drainMs: 10_000,
      drainNoticeMs: 0,
      allowedHosts: undefined,
      metricsToken: undefined,
      keepAliveMs: 72_000,
    })
  })

  it('is also what is empty, as a compose file passes it', () => {
    expect(readEnvironment({ PORT: '', REDIS_URL: '', ROOMS: '', BASE_PATH: '' }, '/x')).toEqual(
      readEnvironment({}, '/x'),
    )
  })
})

describe('what is set', () => {
  it('is read in its forms', () => {
    const env = {
      HOST: '::',
      PORT: '0',
      ROOMS: 'mine.json',
      DATA_DIR: ':memory:',
      REDIS_URL: 'rediss://user:pass@redis.example:6380/2',
      LINK_HOST: 'fd00::7',
      LINK_PORT: '3001',
      TRUST_PROXY: 'loopback, 10.0.0.0/8  fd00::/8,192.0.2.7',
      LOG_LEVEL: 'silent',
      DRAIN_MS: '600000',
      DRAIN_NOTICE_MS: '5000',
      ALLOWED_HOSTS: 'Rooms.example.org, *.example.org with_underscore',
      METRICS_TOKEN: 's3cret',
    }
    expect(readEnvironment(env, '/srv')).toMatchObject({
      host: '::',
      port: 0,
      rooms: '/srv/mine.json',
      dataDir: ':memory:',
      redisUrl: 'rediss://user:pass@redis.example:6380/2',
      linkHost: 'fd00::7',
      linkPort: 3001,
      trustProxy: ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.7'],
      logLevel: 'silent',
      drainMs: 600_000,
      drainNoticeMs: 5000,
      allowedHosts: ['rooms.example.org', '*.example.org', 'with_underscore'],
      metricsToken: 's3cret',
    })
  })

  it.each([
    ['/', ''],
    ['/sub', '/sub'],
    ['/sub/', '/sub'],
    ['/a/b-c/', '/a/b-c'],
  ])('BASE_PATH %s is the prefix "%s"', (written, prefix) => {
    expect(readEnvironment({ BASE_PATH: written }, folder).basePath).toBe(prefix)
  })
})

describe('what is wrong', () => {
  it('is reported together, a line for each variable', () => {
    const env = {
      PORT: '99999',
      LOG_LEVEL: 'inof',
      DRAIN_MS: '-1',
      BASE_PATH: 'sub',
      HOST: 'http://x',
      LINK_HOST: 'a:1',
    }
    expect(mistakes(env)).toEqual([
      'HOST: expected an address or a host name such as "127.0.0.1", "::" or "localhost", got "http://x"',
      'PORT: expected a whole number from 0 to 65535, got "99999"',
      'BASE_PATH: expected a path such as "/sub", without "..", "//", "?" or "#", got "sub"',
      'LINK_HOST: expected an address or a host name such as "127.0.0.1", "::" or "localhost", got "a:1"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "inof"; did you mean "info"?',
      'DRAIN_MS: expected a whole number from 0 to 600000, got "-1"',
    ])
  })

  it.each(['abc', '3000.5', '0x10', ' 80', '1e3', '-1'])('PORT "%s" is refused', (PORT) => {
    expect(mistakes({ PORT })).toEqual([expect.stringContaining('PORT: expected a whole number')])
  })

  it.each(['/a/../b', '/..', '/a//b', '/a?b', '/a#b', '/%61', 'a', '//'])('BASE_PATH "%s" is refused', (BASE_PATH) => {
    expect(mistakes({ BASE_PATH })).toEqual([expect.stringContaining('BASE_PATH: expected a path')])
  })

  it.each(['true', '1', '10.0.0.0/33', '10.0.0.0/0', '10.0.0/8', 'fe80::1%eth0', '::/129', '10.0.0.1/8/8'])(
    'TRUST_PROXY "%s" is refused, and named alone',
    (entry) => {
      expect(mistakes({ TRUST_PROXY: `127.0.0.1, ${entry}` })).toEqual([
        `TRUST_PROXY: expected addresses, CIDRs, or the names loopback, linklocal, uniquelocal, with commas between them, got "${entry}"`,
      ])
    },
  )

  it.each(['http://a.example', 'a.example:80', '*.', 'a.*', '**', '.a.example', '[::1]'])(
    'ALLOWED_HOSTS "%s" is refused, and named alone',
    (entry) => {
      const [mistake, ...more] = mistakes({ ALLOWED_HOSTS: `rooms.example.org, ${entry}` })
      expect(mistake).toMatch(/^ALLOWED_HOSTS: expected host names such as .*, with commas between them, got /)
      expect([mistake?.endsWith(`got "${entry}"`), more]).toEqual([true, []])
    },
  )

  it.each(['localhost:3000', '[::1]', '1.2.3', '300.1.1.1', '-x', '::1:zz', 'a..b', 'a b'])(
    'HOST "%s" is refused',
    (HOST) => {
      expect(mistakes({ HOST })).toEqual([expect.stringContaining('HOST: expected an address or a host name')])
    },
  )

  it.each(['0', '999', '3600001', '72s'])('KEEP_ALIVE_MS "%s" is refused', (KEEP_ALIVE_MS) => {
    expect(mistakes({ KEEP_ALIVE_MS })).toEqual([
      `KEEP_ALIVE_MS: expected a whole number from 1000 to 3600000, got "${KEEP_ALIVE_MS}"`,
    ])
  })

  it('a data folder that is a file, or lies in one, is refused', () => {
    writeFileSync(join(folder, 'file'), '')
    for (const DATA_DIR of ['file', 'file/data'])
      expect(mistakes({ DATA_DIR })).toEqual([
        `DATA_DIR: expected a folder that is there or can be made, got "${join(folder, DATA_DIR)}", which is or lies in a file`,
      ])
  })

  it('a list with nothing in it is refused', () => {
    expect(
      mistakes({ ALLOWED_HOSTS: ' ,', TRUST_PROXY: ',' }).map((mistake) => mistake.replace(/: .*, got/, ' got')),
    ).toEqual(['TRUST_PROXY got nothing', 'ALLOWED_HOSTS got nothing'])
  })

  it('a notice that leaves too little of the drain is refused', () => {
    const [expected] = mistakes({ DRAIN_MS: '2000', DRAIN_NOTICE_MS: '1001' })
    expect(expected).toBe('DRAIN_NOTICE_MS: expected at most half of DRAIN_MS (2000), got 1001')
    expect(mistakes({ DRAIN_MS: '2000', DRAIN_NOTICE_MS: '1000' })).toEqual([])
  })

  it('never shows a password or a token', () => {
    const messages = mistakes({ REDIS_URL: 'http://user:hunter2@redis', METRICS_TOKEN: 'hunter2 hunter2' }).join('\n')
    expect(messages).toContain('REDIS_URL: expected a URL such as "redis://host:6379/0"')
    expect(messages).toContain('METRICS_TOKEN: expected a token')
    expect(messages).not.toContain('hunter2')
  })
})

describe('TLS', () => {
  it('wants certificate and key together', () => {
    expect(mistakes({ TLS_CERT: 'cert.pem' })).toEqual([
      'TLS_KEY: expected the path of a PEM file beside TLS_CERT, got nothing; set both or neither',
    ])
  })

  it('names the file that cannot be read', () => {
    writeFileSync(join(folder, 'key.pem'), KEY)
    expect(mistakes({ TLS_CERT: 'gone.pem', TLS_KEY: 'key.pem' })).toEqual([
      'TLS_CERT: expected the path of a PEM file that can be read, got "gone.pem" (ENOENT)',
    ])
  })

  it('refuses files that are no PEM', () => {
    writeFileSync(join(folder, 'cert.pem'), 'hello')
    writeFileSync(join(folder, 'key.pem'), KEY)
    expect(mistakes({ TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' })).toEqual([
      expect.stringContaining('TLS_CERT, TLS_KEY: expected a certificate and its private key, both PEM'),
    ])
  })

  it('takes the contents, by paths from the working folder', () => {
    writeFileSync(join(folder, 'cert.pem'), CERT)
    writeFileSync(join(folder, 'key.pem'), KEY)
    expect(readEnvironment({ TLS_CERT: 'cert.pem', TLS_KEY: join(folder, 'key.pem') }, folder).tls).toEqual({
      cert: CERT,
      key: KEY,
    })
  })
})
