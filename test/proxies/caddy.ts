/** Caddy with `deploy/caddy/Caddyfile` as it is; what is the test's own comes from the environment, as an operator's does. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Process } from '../support/process.ts'
import { DEPLOY, freePorts, listening, ownFolder, type ProxyKind, type ProxySetup, type RunningProxy } from './proxy.ts'

export const CADDYFILE = join(DEPLOY, 'caddy/Caddyfile')
export const caddy: ProxyKind = { component: 'caddy', start }

async function start(program: string, setup: ProxySetup): Promise<RunningProxy> {
  const folder = ownFolder()
  const [port = 0, tlsPort = 0, admin = 0] = await freePorts(3)
  const at = (name: string) => join(folder.path, name)
  const { tls, servers, basePath = '' } = setup
  if (tls) writeFileSync(at('cert.pem'), tls.cert)
  if (tls) writeFileSync(at('key.pem'), tls.key)
  const environment = {
    HOME: folder.path,
    XDG_DATA_HOME: folder.path,
    XDG_CONFIG_HOME: folder.path,
    CORRIDOR_SITE: tls ? `https://127.0.0.1:${tlsPort}` : `http://:${port}`,
    CORRIDOR_SERVERS: servers.map((one) => `127.0.0.1:${one}`).join(' '),
    BASE_PATH: basePath,
    ...(setup.areNodes && {
      CORRIDOR_KEY: 'uuid',
      CORRIDOR_STREAM_OPTIONS: `fail_duration 1s\nhealth_uri ${basePath}/readyz\nhealth_interval 1s`,
    }),
    CORRIDOR_SITE_OPTIONS: tls ? `tls ${at('cert.pem')} ${at('key.pem')}` : '',
    CORRIDOR_GLOBAL: `admin 127.0.0.1:${admin}\ndefault_bind 127.0.0.1\nhttp_port ${port}\nhttps_port ${tlsPort}`,
  }
  const caddy = (...args: string[]) =>
    new Process(program, [...args, '--config', CADDYFILE, '--adapter', 'caddyfile'], folder.path, environment)
  const process = caddy('run')
  // Its two servers open one after the other.
  await listening(port, process)
  if (tls) await listening(tlsPort, process)
  return {
    port,
    tlsPort,
    pid: process.pid,
    async reload() {
      const reload = caddy('reload', '--force', '--address', `127.0.0.1:${admin}`)
      const { code } = await reload.exited
      if (code !== 0) throw new Error(`caddy reload ended with ${code}: ${reload.stderr}`)
    },
    log: () => process.stdout + process.stderr,
    async stop() {
      await process.stop()
      folder.remove()
    },
  }
}
