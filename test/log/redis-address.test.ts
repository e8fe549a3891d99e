/** What `REDIS_URL` may be, and what is said of one that is wrong. */
import { describe, expect, it } from 'vitest'
import { parseAddress, showAddress } from '../../src/log/redis/address.ts'

const plain = { username: undefined, password: undefined, tls: undefined, family: 0, db: 0 }

describe('an address', () => {
  it.each([
    ['redis://localhost', { kind: 'single', at: { host: 'localhost', port: 6379 } }],
    ['redis://[::1]:7000/3', { at: { host: '::1', port: 7000 }, db: 3 }],
    ['redis://:p%40ss%2Fword@host', { password: 'p@ss/word' }],
    ['redis://user:a@b@host:1/', { username: 'user', password: 'a@b', at: { host: 'host', port: 1 } }],
    ['redis://host?family=6', { family: 6 }],
    ['rediss://user:pass@redis.example:6380/2', { tls: {}, username: 'user', db: 2 }],
    ['rediss://host?ca=/ca.pem&cert=/c.pem&key=/k.pem', { tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem' } }],
    ['/run/redis/redis.sock?db=4', { kind: 'single', at: { path: '/run/redis/redis.sock' }, db: 4 }],
    [
      'redis+sentinel://user:pass@a,b:26380/mymaster/5?sentinelPassword=other',
      {
        kind: 'sentinel',
        at: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 26380 },
        ],
        master: 'mymaster',
        sentinelPassword: 'other',
        db: 5,
      },
    ],
    [
      'rediss+cluster://:pass@a:7000,[fe80::1]',
      {
        kind: 'cluster',
        tls: {},
        at: [
          { host: 'a', port: 7000 },
          { host: 'fe80::1', port: 6379 },
        ],
      },
    ],
  ])('is read: %s', (url, expected) => {
    const { tls, ...rest } = parseAddress(url)
    const given = tls && Object.fromEntries(Object.entries(tls).filter(([, file]) => file !== undefined))
    expect({ ...rest, tls: given }).toMatchObject({ ...(url.includes('@') ? {} : plain), ...expected })
  })

  it.each([
    ['http://host', 'redis://host:6379/0'],
    ['redis://', 'redis://host:6379/0'],
    ['redis://a,b', 'expected one host'],
    ['redis://host:0', 'a port from 1 to 65535'],
    ['redis://host:99999', 'a port from 1 to 65535'],
    ['redis://host/x', 'expected a database number'],
    ['redis://host/0/1', 'expected a database number'],
    ['redis://us%zz:hunter2@host', 'percent-encoded'],
    ['redis://host?enableOfflineQueue=true', 'got "enableOfflineQueue"'],
    ['redis://host?ca=/ca.pem', 'got "ca"'],
    ['redis://host?family=5', 'expected "family" to be 4 or 6'],
    ['redis+sentinel://host', 'the name of the master'],
    ['redis+cluster://host/1', 'only database 0'],
    ['/run/redis.sock?password=hunter2', 'got "password"'],
  ])('that is wrong is named, without its secrets: %s', (url, expected) => {
    expect(() => parseAddress(url)).toThrow(expected)
    expect(() => parseAddress(url)).not.toThrow('hunter2')
  })

  it.each([
    ['redis://user:hunter2@host', 'redis://host:6379'],
    ['rediss://:hunter2@[::1]:1/2', 'rediss://[::1]:1/2'],
    ['redis+sentinel://:hunter2@a,b:1/mymaster/3?sentinelPassword=hunter2', 'redis+sentinel://a:26379,b:1/mymaster/3'],
    ['redis+cluster://a', 'redis+cluster://a:6379'],
    ['/run/redis.sock', '/run/redis.sock'],
  ])('is shown without its secrets: %s', (url, shown) => expect(showAddress(parseAddress(url))).toBe(shown))
})
