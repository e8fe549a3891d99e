/**
 * Watches files for `npm run dev`: the folder of `rooms.json`, and the folders of other files of the rooms, also of
 * missing ones. `start.ts` reads the rooms again after a change, and then passes the files to watch.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import type { Clock } from '../clock.ts'
import { errorOf } from '../thrown.ts'

/** An editor saves in several steps: changes within this time are one change. */
const SETTLE_MS = 50
/** Files that are not part of a room: packages, version control, backups of editors, tests. */
const IGNORED = /(^|[\\/])(node_modules|\.git)[\\/]|~$|\.test\.\w+$/

export class RoomsWatch {
  readonly #clock: Clock
  readonly #rooms: string
  readonly #changed: () => void
  readonly #failed: (error: Error) => void
  readonly #watchers = new Map<string, FSWatcher>()
  /** For each other folder, the names whose changes count: files, and folders that do not exist yet. */
  #wanted = new Map<string, Set<string>>()
  #cancelSettling: (() => void) | undefined

  /** `rooms`: the absolute path of `rooms.json`. `changed` is called once for changes that come together. */
  constructor(clock: Clock, rooms: string, changed: () => void, failed: (error: Error) => void) {
    this.#clock = clock
    this.#rooms = rooms
    this.#changed = changed
    this.#failed = failed
  }

  /** Watches these files (absolute paths; they need not exist) and stops watching others. */
  follow(files: readonly string[]): void {
    const home = dirname(this.#rooms)
    const wanted = new Map<string, Set<string>>([[home, new Set()]])
    for (const file of files.filter((file) => !isInside(file, home) && !IGNORED.test(file))) {
      const [folder, name] = nearest(file)
      wanted.set(folder, (wanted.get(folder) ?? new Set()).add(name))
    }
    this.#wanted = wanted
    for (const [folder, watcher] of this.#watchers) if (!wanted.has(folder)) this.#forget(folder, watcher)
    for (const folder of wanted.keys()) if (!this.#watchers.has(folder)) this.#watch(folder, folder === home)
  }

  #watch(folder: string, isHome: boolean): void {
    try {
      const watcher = watch(folder, { recursive: isHome }, (_, file) => {
        // A folder that was removed and created again needs a new watcher.
        if (!existsSync(folder)) this.#forget(folder, watcher)
        if (file === null || isHome || !existsSync(folder) || this.#isWanted(folder, file)) this.#onSignal(file)
      })
      this.#watchers.set(folder, watcher)
      watcher.on('error', (error) => {
        this.#forget(folder, watcher)
        this.#failed(errorOf(error))
      })
    } catch (error) {
      this.#failed(errorOf(error))
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder)
  }

  /** The name of a missing module may lack its extension. */
  #isWanted(folder: string, file: string): boolean {
    const names = this.#wanted.get(folder)
    return names !== undefined && [...names].some((name) => file === name || file.startsWith(`${name}.`))
  }

  #onSignal(file: string | null): void {
    if (file && IGNORED.test(file)) return
    this.#cancelSettling?.()
    this.#cancelSettling = this.#clock.after(SETTLE_MS, this.#changed)
  }
}

/** The nearest existing folder above a file, and the name to watch for in it. */
function nearest(file: string): [folder: string, name: string] {
  const folder = dirname(file)
  return existsSync(folder) || folder === file ? [folder, basename(file)] : nearest(folder)
}

function isInside(file: string, home: string): boolean {
  return file.startsWith(join(home, sep))
}
