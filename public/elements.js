/**
 * Making and finding elements, typed. Text enters the page only as text nodes: nothing here or elsewhere in the pages
 * reads a string as markup.
 */

/**
 * The first element below `root` that matches and is of the wanted kind; throws where the page lacks it.
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
 * A copy of what a `<template>` of the page holds.
 * @param {string} id
 */
export function copy(id) {
  const fragment = find(document, `template#${id}`, HTMLTemplateElement).content.cloneNode(true)
  if (fragment instanceof DocumentFragment) return fragment
  throw new Error(`template #${id} is empty`)
}

/**
 * One of eight hues, always the same for the same text: colours of names and doors.
 * @param {string} text
 */
export function hue(text) {
  let sum = 7
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return String(sum % 8)
}

/**
 * The first letter of a name as a reader sees it (an emoji family is one).
 * @param {string} name
 */
export function initial(name) {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? '?'
}
