/**
 * What can go wrong with a server of WebSockets that strangers reach, by name: what a test provokes, and what must come of
 * it. Tests tell figures under these names (`tell`, `bound`, `tellWrong`, `tally`), `table.ts` puts them together.
 */
export interface Entry {
  readonly name: string
  readonly provoked: string
  readonly expected: string
  /** Why nothing tells a figure. */
  readonly missing?: string
}

export interface Chapter {
  readonly title: string
  readonly entries: readonly Entry[]
}

const entry = (name: string, provoked: string, expected: string): Entry => ({ name, provoked, expected })

export const CATALOGUE: readonly Chapter[] = [
  {
    title: 'Handshake and routing',
    entries: [
      entry('HS1', 'clients that reset while they wait for admission, on any path', 'no crash, no socket left open'),
      entry('HS2', 'upgrades to something that is not a WebSocket', 'the ordinary HTTP answer'),
      entry('HS3', 'an upgrade with a body that is a frame, cut at every byte', '400; no byte of it reaches a room'),
      entry('HS4', 'targets and hosts that two readers may read in two ways', 'refused, by HTTP and upgrade alike'),
      entry('HS5', 'thousands of headers; names that JavaScript objects have', '431, or ignored'),
      entry('HS6', 'header lists made to be slow to parse, a thousand a second', 'nobody waits for them'),
      entry('HS7', 'wrong versions and keys', '426 or 400, never 101'),
      entry('HS8', 'a thousand handshakes of a byte a second', 'cut after some 10 s; honest handshakes stay quick'),
      entry('HS9', 'handlers that throw, in every hook of a room', 'other peers and rooms notice nothing'),
    ],
  },
  {
    title: 'Frames and messages',
    entries: [
      entry('F1', "Autobahn's cases of categories 1 to 7 against an echo room", 'all pass'),
      entry('F2', 'the same through each proxy', 'the same verdicts'),
      entry('F3', 'messages in crumbs: fragments, empty fragments, a byte a packet', '1008, at little memory each'),
      entry('F4', 'compressed messages that inflate to a thousand times as much', '1009, at little memory each'),
      entry('F5', 'lengths and parameters of compression that cannot be', 'declined, or closed with the right code'),
      entry('F6', 'every close code there is, from either side; reasons of any length', 'never a throw'),
      entry('F7', 'frames and requests made by chance from a seed', 'the server is as it was'),
      entry('F8', 'JSON that is too deep, too large, or reaches for a prototype', 'refused before it is parsed'),
      {
        ...entry('F9', 'the packets behind the known faults of Socket.IO', 'only their sender is closed'),
        missing: 'there is no Socket.IO gateway yet',
      },
      entry('F10', 'a hundred thousand pings whose pongs nobody reads', '1008; others notice nothing'),
    ],
  },
  {
    title: 'Who may enter',
    entries: [
      entry('AU1', 'foreign origins in every spelling, by wire and by a real browser', 'none gets in'),
      entry('AU2', 'a foreign name that resolves to this machine', 'nothing is served under it'),
      entry('AU3', 'tokens that are unsigned, forged, expired, for others, or too large', '401 before the upgrade'),
      entry(
        'AU4',
        'two issuers with one key id; floods of unknown keys; tokens that name a key server',
        'no trust across, no request a token asked for',
      ),
      entry('AU5', 'a million pairs of user and id made of separators', 'no two share a scope'),
      entry('AU6', 'tokens that end while their bearer is in the room', 'closed within a second, on every transport'),
      entry('AU7', 'coming back with a good offset and no good token', 'nothing of the history'),
      entry(
        'AU8',
        'secrets in every place a client may put one, along every failure',
        'none in log, metrics or answers',
      ),
      entry(
        'AU9',
        'forwarded addresses that a client invents, direct and through proxies',
        'the true address, for HTTP and upgrades',
      ),
    ],
  },
  {
    title: 'Limits and slow readers',
    entries: [
      entry(
        'LB1',
        'one of a thousand readers in a busy room is stopped',
        '1013; bounded memory; others notice nothing',
      ),
      entry('LB2', 'a reader that takes a byte a second and is otherwise alive', 'closed all the same'),
      entry('LB3', 'an event stream read at a hundredth of its pace', 'ended; comes back without a hole'),
      entry('LB4', 'compressed sockets that vanish in the midst of a message, again and again', 'memory does not grow'),
      entry('LB5', 'peers that fall silent without a goodbye', 'noticed within the heartbeat and 10 s'),
      entry(
        'LB6',
        'more peers, rooms and handshakes than allowed; no file descriptor left',
        '429 or 503; goes on when there is room',
      ),
      entry(
        'LB7',
        'a hundred thousand strange paths; control characters in every logged text',
        'no new metric, one line an event',
      ),
      entry('LB8', 'a room module that blocks for seconds', 'nobody is taken for dead'),
      entry('LB9', 'a hundred thousand ids of messages that clients chose', 'each is known, at little memory each'),
      entry('LB10', 'twenty clients that resume from long ago and never read', 'hold limits.buffered each at most'),
    ],
  },
  {
    title: 'Restart',
    entries: [
      entry(
        'DP1',
        'SIGTERM to a full server, a tenth of whose peers do not listen',
        'all are told when to be back; exit 0 in time',
      ),
      entry('DP2', 'publishing across SIGTERM, a second one, and SIGKILL', 'each message is kept, or its sender knows'),
      entry(
        'DP4',
        'clients whose network is away for seconds, all at once',
        'back soon after it is, and not all together',
      ),
    ],
  },
  {
    title: 'Proxies with the files that ship',
    entries: [
      entry('PX1', 'more than a minute of silence through nginx, Caddy and HAProxy', 'nothing is cut'),
      entry(
        'PX2',
        'an event stream with compression asked for, over HTTP/1.1 and HTTP/2',
        'its first byte comes at once',
      ),
      entry('PX3', 'reloads of the proxy under load', 'nothing lost or doubled, no old worker left'),
      entry(
        'PX4',
        'POSTs on connections that were idle about as long as either side keeps them',
        'no 502, nothing twice',
      ),
      entry('PX5', 'HAProxy: HTTP/2 WebSockets, a handshake without a key', 'served; 400'),
      entry('PX7', 'a second request behind an upgrade that was refused', 'never answered by the server'),
    ],
  },
  {
    title: 'Browsers',
    entries: [
      entry('BR1', 'markup as name and text, in Chromium', 'stands there as text'),
      entry('BR2', 'line breaks and separators in everything an event stream carries', 'the event as it was said'),
      entry(
        'BR3',
        'an EventSource that loses its stream, is told when to return, or is refused',
        'as the standard says',
      ),
    ],
  },
  {
    title: 'Files and bodies',
    entries: [
      entry('ST1', 'paths that climb, in every encoding; files that must not be there', '403 or 404'),
      entry('ST2', 'content types that are almost JSON', 'refused, never parsed'),
      entry('ST3', 'keys that reach a prototype, by WebSocket, POST and event stream', 'one verdict on all roads'),
      entry(
        'ST4',
        'requests that two parsers cut differently; bodies of a byte a second',
        '400 and closed; deadlines hold',
      ),
    ],
  },
]

export const ENTRIES: readonly Entry[] = CATALOGUE.flatMap(({ entries }) => entries)
