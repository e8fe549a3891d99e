/**
 * A long list with only a part of its rows in the page. New rows are added once per animation frame; rows around the
 * visible ones are added and removed while the reader scrolls. `thread.js` and `frames.js` build the rows.
 */

/** Rows in the page at most. */
const MOST_SHOWN = 400
/** Rows added if the reader scrolls to an end of those in the page. */
const STEP = 100
/** Rows built in one animation frame of a burst at most: a whole screen, and still a short task. */
const MOST_NEW = 80
/** The next rows are added if the reader is this near to an end of those in the page. */
const NEAR_PX = 800
/** The list follows the newest row if the reader is this near to the end. */
const PINNED_PX = 60

/** @typedef {{ weight?: number, elements?: HTMLElement[] }} Item its size in bytes and, in the page, its elements */

/** @template {Item} T */
export class Rows {
  /** @type {T[]} oldest first */
  items = []
  /** The rows in the page: from `#start` up to, not including, `#end`. */
  #start = 0
  #end = 0
  #weight = 0
  #frame = 0
  #pinned = true
  /** `scrollTop` when the list last scrolled to the newest row. */
  #top = 0
  #tail
  #scroll
  #list
  #how

  /**
   * @param {HTMLElement} scroll the element that scrolls
   * @param {HTMLElement} list the element that contains the rows
   * @param {{ build: (item: T, before: T | undefined) => HTMLElement[], most: number, heaviest?: number,
   *   isTop?: () => void, changed?: (isPinned: boolean) => void, dropped?: (item: T) => void }} how
   *   `build` makes the elements of an item, with the item above it; `most`, `heaviest`: items and bytes in memory at most;
   *   `isTop` is called if the reader is near the oldest item, `changed` after each change, `dropped` for each item that
   *   leaves memory
   */
  constructor(scroll, list, how) {
    this.#scroll = scroll
    this.#list = list
    this.#how = how
    this.#tail = document.createComment('')
    list.append(this.#tail)
    scroll.tabIndex = 0
    scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    // The newest row stays visible if a keyboard opens, the window shrinks or a row grows.
    const resized = new ResizeObserver(() => this.#pinned && this.#stick())
    for (const element of [scroll, list]) resized.observe(element)
  }

  get isPinned() {
    return this.#pinned
  }

  /** Whether the newest row is in the page. */
  get isAtEnd() {
    return this.#end === this.items.length
  }

  /** @param {T} item the newest */
  push(item) {
    this.items.push(item)
    this.#weight += item.weight ?? 0
    const { most, heaviest = Number.POSITIVE_INFINITY } = this.#how
    // Many at once, because shortening an array takes time in proportion to its length.
    if (this.items.length > most + STEP || this.#weight > heaviest * 1.1) this.#drop(most, heaviest)
    this.schedule()
  }

  /** How many more items `insert` takes. */
  get space() {
    return Math.max(0, this.#how.most - this.items.length)
  }

  /**
   * Inserts the newest of `older` that there is space for, above the item at `index`; visible rows stay in place. Returns
   * those it took.
   * @param {T[]} older
   * @param {number} index
   */
  insert(older, index) {
    const items = older.slice(Math.max(0, older.length - this.space))
    this.items.splice(index, 0, ...items)
    for (const { weight = 0 } of items) this.#weight += weight
    if (index < this.#end || this.#end === 0) {
      if (index <= this.#start) this.#start += items.length
      this.#end += items.length
    }
    this.#keepPlace(() => {
      const next = this.items[index + items.length]
      if (index <= this.#start) this.#above(this.#start - STEP)
      else if (next?.elements) {
        const fragment = document.createDocumentFragment()
        for (let at = index; at < index + items.length; at += 1) this.#build(fragment, at)
        next.elements[0]?.before(fragment)
      }
      this.renew(index + items.length)
    })
    return items
  }

  /** Builds the elements of the item at `index` again. @param {number} index */
  renew(index) {
    const item = this.items[index]
    if (!item?.elements) return
    const elements = this.#how.build(item, this.items[index - 1])
    item.elements[0]?.before(...elements)
    for (const element of item.elements) element.remove()
    item.elements = elements
  }

  clear() {
    for (const item of this.items) leave(item)
    this.items = []
    this.#start = this.#end = this.#weight = 0
    this.#pinned = true
  }

  /** Scrolls to the newest row, and follows it. */
  toEnd() {
    this.#pinned = true
    this.#flush()
  }

  schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#flush())
  }

  /** Runs once per animation frame: adds all new rows in one step. */
  #flush() {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    const { length } = this.items
    if (this.#pinned) {
      const start = Math.max(this.#start, length - (length - this.#end > MOST_NEW ? MOST_NEW : MOST_SHOWN))
      // Rows that would leave the page at once are not built.
      if (start >= this.#end) {
        for (const item of this.items.slice(this.#start, this.#end)) leave(item)
        this.#start = this.#end = start
      }
      this.#below(length)
      this.#cutAbove(start)
      this.#stick()
    } else this.#below(Math.min(length, this.#start + MOST_SHOWN))
    this.#how.changed?.(this.#pinned)
  }

  #stick() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight
    this.#top = Math.floor(this.#scroll.scrollTop)
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    const below = scrollHeight - scrollTop - clientHeight
    // Only the reader scrolls up: new or growing rows do not stop the list from following the newest.
    if (this.#pinned) this.#pinned = below < PINNED_PX || scrollTop >= this.#top
    else this.#pinned = below < PINNED_PX && this.isAtEnd
    if (!this.#pinned && scrollTop < NEAR_PX && this.#start > 0) {
      this.#keepPlace(() => {
        this.#above(this.#start - STEP)
        this.#cutBelow(this.#start + MOST_SHOWN)
      })
    } else if (!this.#pinned && below < NEAR_PX && !this.isAtEnd) {
      this.#keepPlace(() => {
        this.#below(this.#end + STEP)
        this.#cutAbove(this.#end - MOST_SHOWN)
      })
    } else if (!this.#pinned && scrollTop < NEAR_PX) this.#how.isTop?.()
    this.#how.changed?.(this.#pinned)
  }

  /** Appends the rows up to `end`. @param {number} end */
  #below(end) {
    const fragment = document.createDocumentFragment()
    for (const stop = Math.min(end, this.items.length); this.#end < stop; this.#end += 1)
      this.#build(fragment, this.#end)
    if (fragment.hasChildNodes()) this.#list.insertBefore(fragment, this.#tail)
  }

  /** Prepends the rows from `start` on. @param {number} start */
  #above(start) {
    const from = Math.max(0, start)
    const fragment = document.createDocumentFragment()
    for (let index = from; index < this.#start; index += 1) this.#build(fragment, index)
    const first = this.items[this.#start]?.elements?.[0] ?? this.#tail
    this.#start = Math.min(from, this.#start)
    this.#list.insertBefore(fragment, first)
  }

  /** @param {DocumentFragment} into @param {number} index */
  #build(into, index) {
    const item = /** @type {T} */ (this.items[index])
    item.elements = this.#how.build(item, this.items[index - 1])
    into.append(...item.elements)
  }

  /** @param {number} start */
  #cutAbove(start) {
    for (; this.#start < start; this.#start += 1) leave(this.items[this.#start])
  }

  /** @param {number} end */
  #cutBelow(end) {
    for (; this.#end > end; this.#end -= 1) leave(this.items[this.#end - 1])
  }

  /** @param {number} most @param {number} heaviest */
  #drop(most, heaviest) {
    let count = 0
    while (count < this.items.length - 1 && (this.items.length - count > most || this.#weight > heaviest)) {
      const item = this.items[count]
      this.#weight -= item?.weight ?? 0
      leave(item)
      if (item) this.#how.dropped?.(item)
      count += 1
    }
    this.items.splice(0, count)
    this.#start = Math.max(0, this.#start - count)
    this.#end = Math.max(0, this.#end - count)
  }

  /** Changes rows without moving the visible ones: reads the layout once before and once after. @param {() => void} change */
  #keepPlace(change) {
    const top = this.#scroll.getBoundingClientRect().top
    const anchor = this.items.slice(this.#start, this.#end).find((item) => bottomOf(item) > top)
    const before = anchor && bottomOf(anchor)
    change()
    // Its elements may have been built again.
    if (anchor?.elements && before !== undefined) this.#scroll.scrollTop += bottomOf(anchor) - before
  }
}

/** Removes an item's row from the page. @param {Item | undefined} item */
function leave(item) {
  for (const element of item?.elements ?? []) element.remove()
  if (item) delete item.elements
}

/** The bottom edge of an item's row, in px. @param {Item} item */
function bottomOf({ elements = [] }) {
  return elements.at(-1)?.getBoundingClientRect().bottom ?? 0
}
