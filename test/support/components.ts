/**
 * What tests need beyond npm packages: programs of the operating system. `setup.ts` installs what is missing before
 * `npm test`; a test file asks with `need('chromium')`, and where the program is not there its tests are skipped with the
 * reason. With CI=true a missing program is a failure, so that nothing is skipped unseen.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beforeEach } from 'vitest'

interface Parts {
  /** The names it may have in PATH; the first found is taken. */
  readonly commands: readonly string[]
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
}

export const COMPONENTS = {
  chromium: {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    packages: ['chromium', 'fontconfig', 'fonts-wqy-microhei'],
  },
  nginx: { commands: ['nginx'], packages: ['nginx'] },
  caddy: { commands: ['caddy'], packages: ['caddy'] },
  haproxy: { commands: ['haproxy'], packages: ['haproxy'] },
  compose: { commands: ['docker-compose'], packages: ['docker-compose'] },
  systemd: { commands: ['systemd-analyze'], packages: ['systemd'] },
  redis: { commands: ['redis-server', 'valkey-server'], packages: ['redis-server'] },
  strace: { commands: ['strace'], packages: ['strace'] },
} as const satisfies Record<string, Parts>

/** Servers lie here, also where PATH of who is not root leaves it out. */
const SERVERS = '/usr/sbin'

export type Component = keyof typeof COMPONENTS

/** The path of a component's program: what a variable such as CHROMIUM names, else the first found in PATH. */
export function commandOf(component: Component): string | undefined {
  const { PATH = '', [component.toUpperCase()]: named } = process.env
  if (named) return named
  const folders = [...PATH.split(delimiter).filter(Boolean), SERVERS]
  const files = COMPONENTS[component].commands.flatMap((command) => folders.map((folder) => join(folder, command)))
  return files.find(isExecutable)
}

/** How to mend it where a component is missing. */
export function missing(component: Component): string {
  return `${component} is not installed (Debian: apt-get install ${COMPONENTS[component].packages.join(' ')})`
}

/**
 * The path of a component's program. Where it is missing, `undefined`, and each test of the file (of the `describe`, when
 * called inside one) is skipped; what the file's `beforeAll` does with the program it leaves out then.
 */
export function need(component: Component): string | undefined {
  const command = commandOf(component)
  if (command) return command
  if (isStrict()) throw new Error(missing(component))
  beforeEach(({ skip }) => skip(missing(component)))
  return undefined
}

/** Whether a missing component is a failure. */
export function isStrict(): boolean {
  return process.env.CI === 'true'
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
