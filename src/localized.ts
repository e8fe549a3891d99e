/**
 * Texts that a room has in one language or in several: its title in `rooms.json`, the summary of its module. Which one a
 * reader gets, its `Accept-Language` decides (RFC 9110, 12.5.4).
 */

/** A text, or one per language: `{ en: 'Chat', zh: '聊天' }`. */
export type Localized = string | Readonly<Record<string, string>>

/** Chooses the best of the available languages for a reader; `undefined`: none of them is wanted. */
export type Languages = (available: string[]) => string | undefined

const DEFAULT = 'en'

/** The text for a reader. Without a language that the reader wants: the English one, else the first. */
export function inLanguage(text: Localized, languages: Languages = () => undefined): string {
  if (typeof text === 'string') return text
  const available = Object.keys(text)
  const fallback = available.includes(DEFAULT) ? DEFAULT : (available[0] ?? '')
  // The first is the choice of a reader without a preference.
  const language = languages([fallback, ...available.filter((other) => other !== fallback)]) ?? fallback
  return text[language] ?? ''
}

/** Whether a value is a text, or an object of texts with at least one. */
export function isLocalized(value: unknown): value is Localized {
  if (typeof value === 'string') return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const texts = Object.values(value)
  return texts.length > 0 && texts.every((text) => typeof text === 'string')
}
