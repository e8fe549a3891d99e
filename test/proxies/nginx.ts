/**
 * nginx with the files of `deploy/nginx/`. They stay as they are but for what an operator writes into them too: servers,
 * addresses, places of files. A value that is no longer there to be changed is an error.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Process } from '../support/process.ts'
import { DEPLOY, freePorts, listening, ownFolder, type ProxyKind, type ProxySetup, type RunningProxy } from './proxy.ts'

export const nginx: ProxyKind = { component: 'nginx', start }

async function start(program: string, setup: ProxySetup): Promise<RunningProxy> {
  const folder = ownFolder()
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const at = (name: string) => join(folder.path, name)
  cpSync(join(DEPLOY, 'nginx'), folder.path, { recursive: true })
  const { tls, servers } = setup
  const site = tls ? 'corridor/tls.conf' : setup.basePath ? 'corridor/sub-path.conf' : 'corridor/plain.conf'
  change(at('nginx.conf'), {
    '/run/nginx.pid': at('nginx.pid'),
    '/var/log/nginx/': `${folder.path}/`,
    'include corridor/tls.conf': `include ${site}`,
    ...(setup.isHasty && { 'worker_shutdown_timeout 5m': 'worker_shutdown_timeout 1s' }),
  })
  change(at(site), {
    'listen 80;': `listen 127.0.0.1:${port};`,
    'listen [::]:80;': '',
    '/var/log/nginx/': `${folder.path}/`,
    ...(setup.areNodes && { 'include corridor/proxy.conf': 'include corridor/nodes.conf' }),
    ...(tls && {
      'listen 443': `listen 127.0.0.1:${tlsPort}`,
      'listen [::]:443 ssl http2;': '',
      '/etc/letsencrypt/live/rooms.example.org/': `${folder.path}/`,
    }),
  })
  change(at('corridor/servers.conf'), {
    'server 127.0.0.1:3000 max_fails=0;': servers.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join('\n'),
  })
  if (tls) writeFileSync(at('fullchain.pem'), tls.cert)
  if (tls) writeFileSync(at('privkey.pem'), tls.key)

  const options = ['-p', folder.path, '-c', at('nginx.conf'), '-e', at('error.log')]
  const process = new Process(program, [...options, '-g', 'daemon off;'], folder.path, {})
  await listening(port, process)
  return {
    port,
    tlsPort,
    pid: process.pid,
    async reload() {
      const { code } = await new Process(program, [...options, '-s', 'reload'], folder.path, {}).exited
      if (code !== 0) throw new Error(`nginx -s reload ended with ${code}`)
    },
    log: () => `${readFileSync(at('corridor.log'))}${readFileSync(at('error.log'))}${process.stderr}`,
    async stop() {
      await process.stop()
      folder.remove()
    },
  }
}

function change(file: string, values: Readonly<Record<string, string>>): void {
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of Object.entries(values)) {
    if (!text.includes(from)) throw new Error(`expected "${from}" in ${file}, to write "${to}" in its place`)
    text = text.replaceAll(from, to)
  }
  writeFileSync(file, text)
}
