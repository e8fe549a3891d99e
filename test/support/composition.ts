/** What Compose makes of `docker-compose.yml`, with the program that reads it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { commandOf } from './components.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Service {
  environment: Record<string, string>
  read_only: boolean
  cap_drop: string[]
  security_opt: string[]
  stop_grace_period: string
  volumes: string[]
  networks: Record<string, unknown>
  profiles?: string[]
  command?: string[]
  ports?: unknown[]
}

type Name = 'corridor' | 'corridor-2' | 'corridor-3' | 'proxy' | 'redis'

/** `envFile`: what is given with `--env-file`, from the repository. */
export function composition(env: Record<string, string> = {}, envFile?: string): { services: Record<Name, Service> } {
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd: ROOT, encoding: 'utf8', env: { PATH, HOME, ...env } } as const
  const file = envFile ? ['--env-file', envFile] : []
  const args = [...file, '-f', 'docker-compose.yml', '--profile', 'redis', '--profile', 'nodes', 'config']
  const yaml = execFileSync(commandOf('compose') ?? '', args, options)
  const toJson = 'import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)'
  return JSON.parse(execFileSync('python3', ['-c', toJson], { input: yaml, encoding: 'utf8' }))
}
