/**
 * Finds the mount of a path: static paths before parameterised ones. `target.ts` has checked the path before; `gate.ts` and
 * the HTTP routes use the same router. A reload makes a new one.
 */
import findMyWay from 'find-my-way'
import type { Mount, Route } from '../config/mount.ts'

/** The longest decoded parameter of a path. */
const MAX_NAME_LENGTH = 128

export class Router {
  readonly mounts: readonly Mount[]
  /** Paths without parameters, as they are written in rooms.json. */
  readonly #static = new Map<string, Route>()
  readonly #parameterised = findMyWay({ caseSensitive: true, maxParamLength: MAX_NAME_LENGTH * 9 })

  constructor(mounts: readonly Mount[]) {
    this.mounts = mounts
    for (const mount of mounts) {
      const { pattern } = mount
      if (!pattern.includes(':')) this.#static.set(pattern, { mount, params: {}, path: pattern })
      this.#parameterised.on('GET', pattern, () => {}, mount)
    }
  }

  /** `undefined`: no room is at this path. */
  find(path: string): Route | undefined {
    const known = this.#static.get(path)
    if (known) return known
    const found = this.#parameterised.find('GET', path)
    if (!found?.store) return undefined
    const mount: Mount = found.store
    const params: Record<string, string> = {}
    for (const [name, value = ''] of Object.entries(found.params)) params[name] = value
    if (Object.values(params).some((name) => name === '' || name.length > MAX_NAME_LENGTH)) return undefined
    return { mount, params, path: fill(mount.pattern, params) }
  }
}

function fill(pattern: string, params: Record<string, string>): string {
  return pattern.replace(/:([A-Za-z_]\w*)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
}
