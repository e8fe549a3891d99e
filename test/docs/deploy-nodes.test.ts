/** Three nodes as `docker-compose.yml` composes them with `deploy/nodes.env`, as far as it can be tried without its engine. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CADDYFILE } from '../proxies/caddy.ts'
import { need } from '../support/components.ts'
import { composition } from '../support/composition.ts'

const ENV_FILE = 'deploy/nodes.env'

describe('docker-compose.yml with deploy/nodes.env', () => {
  need('compose')
  const caddy = need('caddy')

  it('starts three nodes alike, and two of them only then', () => {
    const { corridor, 'corridor-2': second, 'corridor-3': third } = composition({}, ENV_FILE).services
    expect(corridor.environment.REDIS_URL).toBe('redis://redis')
    for (const node of [second, third]) {
      expect(node.environment).toEqual(corridor.environment)
      expect(node.networks).toEqual(corridor.networks)
      expect(node.profiles).toEqual(['nodes'])
      expect(node).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: corridor.stop_grace_period })
      expect([node.volumes, node.ports]).toEqual([undefined, undefined])
    }
    expect(readFileSync(fileURLToPath(new URL(`../../${ENV_FILE}`, import.meta.url)), 'utf8')).toMatch(
      /^COMPOSE_PROFILES=nodes$/m,
    )
  })

  it('connects nodes with each other and Redis where the proxy is not', () => {
    const { corridor, proxy, redis } = composition({}, ENV_FILE).services
    expect(Object.keys(corridor.networks)).toEqual(expect.arrayContaining(Object.keys(redis.networks)))
    for (const network of Object.keys(redis.networks)) expect(Object.keys(proxy.networks)).not.toContain(network)
  })

  it('lets Caddy send each request to any of them that is ready', () => {
    const { proxy } = composition({ CORRIDOR_SITE: 'rooms.example.org' }, ENV_FILE).services
    // The Caddy of the image is newer than Debian's, which does not know this one option.
    const options = proxy.environment.CORRIDOR_STREAM_OPTIONS?.replace('stream_close_delay 5m', '')
    const env = { ...proxy.environment, CORRIDOR_STREAM_OPTIONS: options, HOME: tmpdir() }
    const adapted = execFileSync(caddy ?? '', ['adapt', '--config', CADDYFILE], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    for (const node of ['corridor', 'corridor-2', 'corridor-3']) expect(adapted).toContain(`"dial":"${node}:3000"`)
    expect(adapted).toContain('{http.request.uuid}')
    expect(adapted).toContain('"uri":"/readyz"')
  })
})
