/** HAProxy with `deploy/haproxy/haproxy.cfg` as it is; what is the test's own comes from the environment, as an operator's does. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PATIENCE_MS } from '../support/patience.ts'
import { Process } from '../support/process.ts'
import { DEPLOY, freePorts, listening, ownFolder, type ProxyKind, type ProxySetup, type RunningProxy } from './proxy.ts'

export const HAPROXY_CFG = join(DEPLOY, 'haproxy/haproxy.cfg')
export const haproxy: ProxyKind = { component: 'haproxy', start }

async function start(program: string, setup: ProxySetup): Promise<RunningProxy> {
  const folder = ownFolder()
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const { tls, servers, basePath = '' } = setup
  const pem = join(folder.path, 'corridor.pem')
  if (tls) writeFileSync(pem, tls.cert + tls.key)
  const more = servers.slice(1).map((one, index) => [`CORRIDOR_SERVER_${index + 2}`, `127.0.0.1:${one}`])
  const process = new Process(program, ['-W', '-f', HAPROXY_CFG], folder.path, {
    CORRIDOR_HTTP: `127.0.0.1:${port}`,
    CORRIDOR_HTTPS: `127.0.0.1:${tlsPort}`,
    CORRIDOR_SERVER: `127.0.0.1:${servers[0]}`,
    ...Object.fromEntries(more),
    ...(setup.areNodes && { CORRIDOR_NODES: '1' }),
    ...(tls && { CORRIDOR_CERT: pem }),
    ...(basePath && { BASE_PATH: basePath }),
    ...(setup.isHasty && { CORRIDOR_HARD_STOP: '1s' }),
    ...(globalThis.process.getuid?.() !== 0 && { CORRIDOR_UNPRIVILEGED: '1' }),
  })
  await listening(port, process)
  return {
    port,
    tlsPort,
    pid: process.pid,
    async reload() {
      const started = process.stderr.split('Loading success').length
      const deadline = performance.now() + PATIENCE_MS
      // A signal that comes while it still starts is lost.
      for (let polls = 0; process.stderr.split('Loading success').length === started; polls += 1) {
        if (polls % 100 === 0) globalThis.process.kill(process.pid, 'SIGUSR2')
        if (performance.now() > deadline) throw new Error(`HAProxy did not load again: ${process.stderr}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    log: () => process.stdout + process.stderr,
    async stop() {
      await process.stop()
      folder.remove()
    },
  }
}
