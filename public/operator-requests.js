/**
 * The requests of the operator's board, with the token: stored for this tab alone, and never in an address. `operator.js`
 * asks for the token; a refused one is forgotten.
 */
const STORED = 'corridor.operator'
let kept = ''

export function operatorToken() {
  try {
    return sessionStorage.getItem(STORED) ?? kept
  } catch {
    // Storage may be blocked. Then the token lasts as long as the page.
    return kept
  }
}

/** @param {string} given `''` forgets it */
export function keepOperatorToken(given) {
  kept = given
  try {
    if (given === '') sessionStorage.removeItem(STORED)
    else sessionStorage.setItem(STORED, given)
  } catch {
    // As above.
  }
}

/** What the server answered instead of what was asked for. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * @param {string} path below `admin/`
 * @param {Record<string, unknown>} [body] posts it
 * @returns {Promise<any>}
 */
export async function ask(path, body) {
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${operatorToken()}`,
    ...(body && { 'content-type': 'application/json' }),
  }
  const answer = await fetch(new URL(`admin/${path}`, document.baseURI), {
    method: body ? 'POST' : 'GET',
    headers,
    cache: 'no-store',
    ...(body && { body: JSON.stringify(body) }),
  })
  const given = await answer.json().catch(() => ({}))
  if (answer.ok) return given
  throw new Refused(answer.status, String(given.message ?? answer.status))
}
