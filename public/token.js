/**
 * The token with which one enters a locked room: kept for this tab and this room, never in an address. Every request of
 * the page to its room takes its headers from here.
 */
let kept = ''

export function token() {
  try {
    return sessionStorage.getItem(key()) ?? kept
  } catch {
    // Storage may be forbidden; then a token lasts as long as the page.
    return kept
  }
}

/** @param {string} given `''`: forgets it */
export function keepToken(given) {
  kept = given
  try {
    if (given === '') sessionStorage.removeItem(key())
    else sessionStorage.setItem(key(), given)
  } catch {
    // As above.
  }
}

/** What a request to the room carries. @returns {Record<string, string>} */
export function headers() {
  const given = token()
  return { accept: 'application/json', ...(given && { authorization: `Bearer ${given}` }) }
}

/** What a WebSocket offers: a browser cannot set its headers, and drops one whose offers are all passed over. */
export function protocols() {
  const given = token()
  return given ? ['corridor', `bearer.${given}`] : []
}

function key() {
  return `corridor.token:${location.pathname}`
}
