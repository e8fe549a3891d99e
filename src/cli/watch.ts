/**
 * What `npm run dev` watches: the folder of `rooms.json` and the folders of modules that lie elsewhere. `start.ts` reads
 * the rooms again when something changed, and says after each reading which modules there are now.
 */
import { type FSWatcher, watch } from 'node:fs'
import { dirname, sep } from 'node:path'

/** An editor saves in several steps: what changes within this time is one change. */
const SETTLE_MS = 50
/** Nothing here is part of a room: packages, version control, an editor's leavings, tests. */
const IGNORED = /(^|[\\/])(node_modules|\.git)[\\/]|~$|\.test\.\w+$/

export class RoomsWatch {
  readonly #rooms: string
  readonly #changed: () => void
  readonly #failed: (error: Error) => void
  readonly #watchers = new Map<string, FSWatcher>()
  #settling: NodeJS.Timeout | undefined

  /** `rooms`: the absolute path of `rooms.json`. `changed` is called once for what changes together. */
  constructor(rooms: string, changed: () => void, failed: (error: Error) => void) {
    this.#rooms = rooms
    this.#changed = changed
    this.#failed = failed
  }

  /** Watches what there is to watch for these modules (absolute paths), and nothing else any more. */
  follow(modules: readonly string[]): void {
    const home = dirname(this.#rooms)
    const outside = modules.map((file) => dirname(file)).filter((folder) => !isInside(folder, home))
    const wanted = new Set([home, ...outside.filter((folder) => !IGNORED.test(`${folder}/`))])
    for (const [folder, watcher] of this.#watchers) if (!wanted.has(folder)) this.#forget(folder, watcher)
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#watch(folder, folder === home)
  }

  #watch(folder: string, recursive: boolean): void {
    try {
      const watcher = watch(folder, { recursive }, (_, file) => this.#heard(file))
      this.#watchers.set(folder, watcher)
      watcher.on('error', (error) => {
        this.#forget(folder, watcher)
        this.#failed(error as Error)
      })
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close()
    this.#watchers.delete(folder)
  }

  #heard(file: string | null): void {
    if (file && IGNORED.test(file)) return
    clearTimeout(this.#settling)
    this.#settling = setTimeout(this.#changed, SETTLE_MS)
  }
}

function isInside(folder: string, home: string): boolean {
  return folder === home || folder.startsWith(home + sep)
}
