/**
 * Creates and finds elements, with types. Text enters the page only as text nodes: no string is parsed as HTML anywhere in
 * the pages.
 */

/**
 * Returns the first element below `root` that matches the selector. Throws if there is none or it has another type.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector)
  if (found instanceof kind) return found
  throw new Error(`the page lacks ${selector} (${kind.name})`)
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/**
 * Returns a copy of the content of a `<template>` in the page.
 * @param {string} id
 */
export function copy(id) {
  const fragment = find(document, `template#${id}`, HTMLTemplateElement).content.cloneNode(true)
  if (fragment instanceof DocumentFragment) return fragment
  throw new Error(`template #${id} is empty`)
}

/**
 * Returns one of eight hues for the colour of a name or a door, always the same for the same text.
 * @param {string} text
 */
export function hue(text) {
  let sum = 7
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return String(sum % 8)
}

/**
 * Returns the first visible character of a name (a composed emoji is one).
 * @param {string} name
 */
export function initial(name) {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? '?'
}
