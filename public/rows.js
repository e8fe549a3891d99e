/**
 * A long list of which only a part is in the page: what is added in a burst enters it once per animation frame, and the
 * rows around what one reads come and go as one scrolls. `thread.js` and `frames.js` say what a row looks like.
 */

/** Rows in the page at most; how many come at once when one scrolls to an end of them, and in one frame of a burst. */
const MOST_SHOWN = 400
const STEP = 100
const MOST_NEW = 200
/** So near to an end of the rows in the page the next ones come. */
const NEAR_PX = 800
/** So near to the end the newest stays in sight. */
const PINNED_PX = 60

/**
 * @typedef {{ weight?: number, elements?: HTMLElement[] }} Item `weight`: about how many bytes it holds; `elements`: what
 *   shows it while it is in the page
 */

/** @template {Item} T */
export class Rows {
  /** @type {T[]} oldest first */
  items = []
  /** Those in the page: from `#start` up to `#end`. */
  #start = 0
  #end = 0
  #weight = 0
  #frame = 0
  #pinned = true
  /** Where the newest was last put in sight. */
  #top = 0
  #tail
  #scroll
  #list
  #how

  /**
   * @param {HTMLElement} scroll what scrolls
   * @param {HTMLElement} list what holds the rows
   * @param {{ build: (item: T, before: T | undefined) => HTMLElement[], most: number, heaviest?: number,
   *   isTop?: () => void, changed?: (isPinned: boolean) => void, dropped?: (item: T) => void }} how
   *   `build`: the elements of an item, `before` being the one above it; `most`, `heaviest`: items and bytes in memory;
   *   `isTop`: the reader is near the oldest item; `changed`: after each frame that changed something; `dropped`: an item
   *   is not in memory any more
   */
  constructor(scroll, list, how) {
    this.#scroll = scroll
    this.#list = list
    this.#how = how
    this.#tail = document.createComment('')
    list.append(this.#tail)
    scroll.tabIndex = 0
    scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    // A keyboard that opens, a window that shrinks, a row that grows: the newest stays in sight.
    const resized = new ResizeObserver(() => this.#pinned && this.#stick())
    resized.observe(scroll)
    resized.observe(list)
  }

  get isPinned() {
    return this.#pinned
  }

  /** Whether the newest is in the page. */
  get isAtEnd() {
    return this.#end === this.items.length
  }

  /** @param {T} item the newest */
  push(item) {
    this.items.push(item)
    this.#weight += item.weight ?? 0
    const { most, heaviest = Number.POSITIVE_INFINITY } = this.#how
    // Dropped in strides: to shorten an array costs its length.
    if (this.items.length > most + STEP || this.#weight > heaviest * 1.1) this.#drop(most, heaviest)
    this.schedule()
  }

  /**
   * Older ones, above the item at `index`; what is being read stays where it is.
   * @param {T[]} items
   * @param {number} index
   */
  insert(items, index) {
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
  }

  /** Shows the item at `index` anew. @param {number} index */
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
    this.#start = 0
    this.#end = 0
    this.#weight = 0
    this.#pinned = true
  }

  /** Shows the newest, and stays there. */
  toEnd() {
    this.#pinned = true
    this.#flush()
  }

  schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#flush())
  }

  /** Once per frame: all that came, in one piece. */
  #flush() {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    const { length } = this.items
    if (this.#pinned) {
      const start = Math.max(this.#start, length - (length - this.#end > MOST_NEW ? MOST_NEW : MOST_SHOWN))
      // Of what never was in the page, only what stays is made.
      if (start >= this.#end) {
        for (const item of this.items.slice(this.#start, this.#end)) leave(item)
        this.#start = start
        this.#end = start
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
    // Only the reader goes up: what came since, or grew, is no reason to stay behind.
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

  /** @param {number} end appends the items up to it */
  #below(end) {
    const fragment = document.createDocumentFragment()
    for (const stop = Math.min(end, this.items.length); this.#end < stop; this.#end += 1)
      this.#build(fragment, this.#end)
    if (fragment.hasChildNodes()) this.#list.insertBefore(fragment, this.#tail)
  }

  /** @param {number} start prepends the items from it on */
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

  /**
   * Changes rows without moving what is in sight: one look at the layout before, one after.
   * @param {() => void} change
   */
  #keepPlace(change) {
    const top = this.#scroll.getBoundingClientRect().top
    const mark = this.items.slice(this.#start, this.#end).find((item) => bottomOf(item) > top)
    const before = mark && bottomOf(mark)
    change()
    // Its elements may be others now.
    if (mark?.elements && before !== undefined) this.#scroll.scrollTop += bottomOf(mark) - before
  }
}

/** @param {Item | undefined} item */
function leave(item) {
  for (const element of item?.elements ?? []) element.remove()
  if (item) delete item.elements
}

/** Where the row of an item in the page ends. @param {Item} item */
function bottomOf({ elements = [] }) {
  return elements.at(-1)?.getBoundingClientRect().bottom ?? 0
}
