/**
 * The container, the composition and the service, as far as they can be tried without their engines: the programs that
 * read these files read them, and the very commands that stand in them are run with what the container has.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CADDYFILE } from '../proxies/caddy.ts'
import { freePorts } from '../proxies/proxy.ts'
import { connect } from '../support/client.ts'
import { need } from '../support/components.ts'
import { composition } from '../support/composition.ts'
import { Process } from '../support/process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE = join(ROOT, 'node_modules/.bin')
const DOCKERFILE = read('Dockerfile').replaceAll('\\\n', '')
const START = ['node', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', 'src/main.ts', 'start']

it('npm starts what the container starts', () => {
  expect(JSON.parse(read('package.json')).scripts.start).toBe(`exec ${START.join(' ')}`)
})

describe('the Dockerfile', () => {
  let app = ''
  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), 'corridor-container-'))
    for (const [from, to] of copies()) cpSync(join(ROOT, from), join(app, to), { recursive: true, filter: isShipped })
    const install = /^RUN (npm ci [^&]*)/m.exec(DOCKERFILE)?.[1]
    if (!install) throw new Error('expected RUN npm ci in the Dockerfile')
    execFileSync('/bin/sh', ['-c', install], { cwd: app, stdio: 'pipe' })
  }, 120_000)
  afterAll(() => rmSync(app, { recursive: true }))

  it('copies what .dockerignore lets through, and lets through no more', () => {
    const open = read('.dockerignore').match(/^!.*$/gm) ?? []
    expect(open.map((line) => line.slice(1)).sort()).toEqual(
      copies()
        .map(([from]) => from)
        .sort(),
    )
    expect(read('.dockerignore')).toMatch(/^\*$/m)
  })

  it('starts Node itself, as nobody special, so that it hears SIGTERM', () => {
    expect(DOCKERFILE).toMatch(/^USER node$/m)
    expect(instruction('CMD')).toEqual(START)
  })

  it('serves with the production dependencies alone, is healthy, drains, and writes nowhere but into its data', async () => {
    const [port = 0] = await freePorts(1)
    const data = mkdtempSync(join(tmpdir(), 'corridor-data-'))
    const environment = { ...settings(), HOST: '127.0.0.1', PORT: String(port), DATA_DIR: data, BASE_PATH: '/sub/' }
    const before = filesOf(app)
    const run = (command: readonly string[]) =>
      new Process(command[0] ?? '', command.slice(1), app, { ...environment, PATH: `${NODE}:/usr/bin:/bin` })
    const health = () => run(instruction('HEALTHCHECK')).exited
    const server = run(instruction('CMD'))
    try {
      expect(await server.url()).toBe(`http://127.0.0.1:${port}/sub`)
      expect(await health()).toMatchObject({ code: 0 })
      const echo = await connect(`ws://127.0.0.1:${port}/sub/echo`)
      echo.sendText('hello')
      expect(await echo.nextText()).toBe('hello')
      server.kill('SIGTERM')
      expect((await echo.closed).code).toBe(1012)
      expect(await server.exited).toEqual({ code: 0, signal: null })
      expect(await health()).toMatchObject({ code: 1 })
      expect(filesOf(app)).toEqual(before)
      expect(readdirSync(data)).not.toEqual([])
    } finally {
      await server.stop()
      rmSync(data, { recursive: true })
    }
  }, 30_000)
})

describe('docker-compose.yml', () => {
  need('compose')
  const caddy = need('caddy')

  it('gives the containers nothing they need not have', () => {
    for (const service of Object.values(composition().services)) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    }
    const { corridor, redis } = composition().services
    expect([corridor.ports, redis.ports]).toEqual([undefined, undefined])
  })

  it('reaches Redis from the server alone, and leaves it out without its profile', () => {
    const { corridor, proxy, redis } = composition().services
    expect(redis.profiles).toEqual(['redis', 'nodes'])
    expect(Object.keys(redis.networks)).toEqual(['log'])
    expect(Object.keys(corridor.networks)).toContain('log')
    expect(Object.keys(proxy.networks)).not.toContain('log')
    expect(redis.volumes.map((volume) => volume.split(':')[1])).toEqual(['/data'])
  })

  it('keeps the data on a volume, and gives the server the time to drain', () => {
    const { corridor } = composition().services
    const folder = settings().DATA_DIR
    expect(corridor.volumes.map((volume) => volume.split(':')[1])).toContain(folder)
    expect(DOCKERFILE).toContain(`VOLUME ${folder}`)
    expect(secondsOf(corridor.stop_grace_period) * 1000).toBeGreaterThan(Number(corridor.environment.DRAIN_MS))
  })

  it('gives Caddy the address of the server, under one and the same sub-path', () => {
    const { corridor, proxy } = composition({ BASE_PATH: '/sub', CORRIDOR_SITE: 'rooms.example.org' }).services
    expect(corridor.environment.BASE_PATH).toBe('/sub')
    const mounted = proxy.volumes.map((volume) => volume.split(':')[0]).filter((file) => file?.endsWith('Caddyfile'))
    expect(mounted).toEqual([CADDYFILE])
    // The Caddy of the image is newer than Debian's, which does not know this one option.
    const env = { ...proxy.environment, CORRIDOR_STREAM_OPTIONS: '', HOME: tmpdir() }
    const adapted = execFileSync(caddy ?? '', ['adapt', '--config', CADDYFILE], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    expect(adapted).toContain('"dial":"corridor:3000"')
    expect(adapted).toContain('"host":["rooms.example.org"]')
    expect(adapted).toContain('"/sub/*"')
    expect(proxy.environment.CORRIDOR_STREAM_OPTIONS?.trim()).toBe('stream_close_delay 5m')
  })
})

describe('the Redis of docker-compose.yml', () => {
  const program = need('redis')
  need('compose')

  it('keeps on disk what the server acknowledges, and is warned of nothing', async () => {
    const [port = 0] = await freePorts(1)
    const folder = mkdtempSync(join(tmpdir(), 'corridor-composed-'))
    const { redis } = composition().services
    const [, ...args] = redis.command ?? []
    const here = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    const running = new Process(program ?? '', [...args, ...here], folder, {})
    const env = { ...composition({ REDIS_URL: `redis://127.0.0.1:${port}` }).services.corridor.environment }
    const own = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: ':memory:', PATH: `${NODE}:/usr/bin:/bin` }
    const server = new Process(START[0] ?? '', START.slice(1), ROOT, { ...env, ...own })
    try {
      const url = await server.url()
      const ann = await connect(`${url.replace('http', 'ws')}/chat?name=ann`)
      ann.send('message', { text: 'hello' }, 'a1')
      expect(await ann.next('ack')).toMatchObject({ id: 'a1', seq: 1, kept: 'fsync' })
      expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' })
      await ann.close()
    } finally {
      await server.stop()
      await running.stop()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the systemd unit', () => {
  const program = need('systemd')
  const unit = read('deploy/systemd/corridor.service')
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-unit-'))
    // Where it is installed is its operator's; here it is the checkout.
    const here = unit.replace('/usr/bin/node', join(NODE, 'node')).replaceAll('/opt/corridor', ROOT.replace(/\/$/, ''))
    writeFileSync(join(folder, 'corridor.service'), here)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is one that systemd finds nothing wrong with', () => {
    const { status, stderr } = spawnSync(program ?? '', ['verify', join(folder, 'corridor.service')], {
      encoding: 'utf8',
    })
    expect([status, stderr.split('\n').filter((line) => line.includes('corridor.service'))]).toEqual([0, []])
  })

  it('leaves the service little to do harm with', () => {
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', join(folder, 'corridor.service')]
    const { status, stdout } = spawnSync(program ?? '', args, { encoding: 'utf8' })
    expect(status, stdout).toBe(0)
  })

  it('starts what the container starts, and gives it the time to drain', () => {
    expect(/^ExecStart=(.*)$/m.exec(unit)?.[1]).toBe(['/usr/bin/node', ...START.slice(1)].join(' '))
    const drainMs = Number(/DRAIN_MS=(\d+)/.exec(unit)?.[1])
    expect(secondsOf(/^TimeoutStopSec=(.*)$/m.exec(unit)?.[1] ?? '') * 1000).toBeGreaterThan(drainMs)
  })
})

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** The exec form of an instruction, options before it left out. */
function instruction(name: 'CMD' | 'HEALTHCHECK'): string[] {
  const line = DOCKERFILE.split('\n').find((line) => line.startsWith(name))
  const array = /\[.*\]$/.exec(line ?? '')?.[0]
  if (!array) throw new Error(`expected ${name} [...] in the Dockerfile, got ${line}`)
  return JSON.parse(array)
}

/** The files that are copied into the container: from, to. */
function copies(): [string, string][] {
  return [...DOCKERFILE.matchAll(/^COPY (.+) (\S+)$/gm)].flatMap(([, from = '', to = '']) =>
    from.split(' ').map((name): [string, string] => [name, to === './' ? name : to]),
  )
}

/** Of these the tests are left behind, as .dockerignore says. */
function isShipped(path: string): boolean {
  return !path.endsWith('.test.ts')
}

function settings(): Record<string, string> {
  const lines = [...DOCKERFILE.matchAll(/^ENV (.+)$/gm)].flatMap(([, line = '']) => line.split(' '))
  return Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
}

function secondsOf(text: string): number {
  return Number(/^(\d+)s$/.exec(text)?.[1])
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
