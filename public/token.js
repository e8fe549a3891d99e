/**
 * The token for a locked room: stored for this tab and this room, never in an address. Every request of the page to its
 * room has its headers from here.
 */
import { acceptedLanguages } from './language.js'

let kept = ''

export function token() {
  try {
    return sessionStorage.getItem(key()) ?? kept
  } catch {
    // Storage may be blocked. Then a token lasts as long as the page.
    return kept
  }
}

/** @param {string} given `''` removes the token */
export function keepToken(given) {
  kept = given
  try {
    if (given === '') sessionStorage.removeItem(key())
    else sessionStorage.setItem(key(), given)
  } catch {
    // As above.
  }
}

/** The headers of a request to the room. @returns {Record<string, string>} */
export function headers() {
  const given = token()
  const accepted = { accept: 'application/json', 'accept-language': acceptedLanguages() }
  return { ...accepted, ...(given && { authorization: `Bearer ${given}` }) }
}

/** The subprotocols of a WebSocket: a browser cannot set its headers, and drops it if the server selects none of them. */
export function protocols() {
  const given = token()
  return given ? ['corridor', `bearer.${given}`] : []
}

function key() {
  return `corridor.token:${location.pathname}`
}
