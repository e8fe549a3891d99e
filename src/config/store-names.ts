/**
 * Checks the names of a module's `stores`: each key of a storage must be of one schema. `definition-check.ts` uses it
 * when it checks a module.
 */

/** The longest key, in characters. */
const MAX_KEY = 256

/** What is wrong with the names, one line each. */
export function storeNameMistakes(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    // A family has keys that are longer than its name.
    const most = name.endsWith('/') ? MAX_KEY - 1 : MAX_KEY
    if (name === '' || name.length > most || !name.isWellFormed())
      return [`stores: expected names of 1 to ${most} characters, got ${JSON.stringify(name.slice(0, 60))}`]
    const family = names.find((other) => other !== name && other.endsWith('/') && name.startsWith(other))
    if (family === undefined) return []
    return [`stores.${name}: expected one name for each key, and "${family}" covers it too; rename one of them`]
  })
}
