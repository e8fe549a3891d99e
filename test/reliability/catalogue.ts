/**
 * What can go wrong with a public WebSocket server, by name: what a test provokes, and the expected result. Tests report
 * figures under these names (`tell`, `bound`, `tellWrong`, `tally`); `table.ts` makes the table.
 */
import { type Chapter, type Entry, entry } from './entry.ts'
import { NODES } from './nodes-catalogue.ts'
import { REDIS } from './redis-catalogue.ts'

export const CATALOGUE: readonly Chapter[] = [
  {
    title: 'Handshake and routing',
    entries: [
      entry('HS1', 'connections that are reset during admission, on any path', 'no crash, no socket left open'),
      entry('HS2', 'upgrades to something that is not a WebSocket', 'the ordinary HTTP answer'),
      entry('HS3', 'an upgrade with a body that is a frame, cut at every byte', '400; no byte of it reaches a room'),
      entry(
        'HS4',
        'request targets and hosts that two parsers may read differently',
        'refused, for HTTP and upgrades alike',
      ),
      entry('HS5', 'thousands of headers; names of JavaScript object properties', '431, or ignored'),
      entry('HS6', 'header lists that are slow to parse, a thousand a second', 'other clients do not wait'),
      entry('HS7', 'wrong versions and keys', '426 or 400, never 101'),
      entry(
        'HS8',
        'a thousand handshakes that arrive at one byte a second',
        'closed after some 10 s; honest handshakes stay fast',
      ),
      entry('HS9', 'handlers that throw, in every hook of a room', 'other peers and rooms are not affected'),
    ],
  },
  {
    title: 'Frames and messages',
    entries: [
      entry('F1', "Autobahn's cases of categories 1 to 7 against an echo room", 'all pass'),
      entry('F2', 'the same through each proxy', 'the same verdicts'),
      entry(
        'F3',
        'messages in tiny pieces: fragments, empty fragments, one byte per packet',
        '1008, with little memory each',
      ),
      entry('F4', 'compressed messages that inflate to a thousand times their size', '1009, with little memory each'),
      entry('F5', 'invalid lengths and parameters of compression', 'declined, or closed with the right code'),
      entry('F6', 'every close code, from either side; reasons of any length', 'no exception'),
      entry('F7', 'random frames and requests, from a seed', 'the state of the server is unchanged'),
      entry('F8', 'JSON that is too deep, too large, or contains `__proto__`', 'refused before it is parsed'),
      entry('F9', 'the packets of known vulnerabilities of Socket.IO', 'only their sender is closed'),
      entry(
        'F10',
        'a hundred thousand pings from a client that reads no pongs',
        '1008; other clients are not affected',
      ),
    ],
  },
  {
    title: 'Who may enter',
    entries: [
      entry('AU1', 'foreign origins in every spelling, from sockets and from a real browser', 'none is admitted'),
      entry(
        'AU2',
        'a foreign host name that resolves to this machine (DNS rebinding)',
        'nothing is served under that name',
      ),
      entry('AU3', 'tokens that are unsigned, forged, expired, for others, or too large', '401 before the upgrade'),
      entry(
        'AU4',
        'two issuers with one key id; floods of unknown key ids; tokens that name a key server',
        'no token of one issuer is accepted for the other; no request to a server that a token names',
      ),
      entry('AU5', 'a million pairs of user and id made of separators', 'no two pairs share a scope'),
      entry('AU6', 'tokens that expire while their peer is in the room', 'closed within a second, on every transport'),
      entry('AU7', 'reconnecting with a valid offset but no valid token', 'no history is sent'),
      entry(
        'AU8',
        'secrets in every place a client may put one, for every failure',
        'none appears in the log, metrics or answers',
      ),
      entry('AU9', 'forged forwarded addresses, direct and through proxies', 'the true address, for HTTP and upgrades'),
    ],
  },
  {
    title: 'Limits and slow readers',
    entries: [
      entry(
        'LB1',
        'one of a thousand readers in a busy room stops reading',
        '1013; bounded memory; other peers are not affected',
      ),
      entry('LB2', 'a reader that reads one byte a second and answers pings', 'closed nevertheless'),
      entry('LB3', 'an event stream that is read at a hundredth of its rate', 'ended; resumes with nothing missed'),
      entry(
        'LB4',
        'compressed connections that disappear in the middle of a message, repeatedly',
        'memory does not grow',
      ),
      entry('LB5', 'peers that fall silent without closing', 'disconnected within the heartbeat interval plus 10 s'),
      entry(
        'LB6',
        'too many peers, rooms and handshakes; no file descriptors left',
        '429 or 503; the server recovers afterwards',
      ),
      entry(
        'LB7',
        'a hundred thousand unknown paths; control characters in every logged text',
        'no new time series, one line per event',
      ),
      entry('LB8', 'a room module that blocks for seconds', 'no peer is disconnected for silence'),
      entry('LB9', 'a hundred thousand message ids chosen by clients', 'each is recognized, with little memory each'),
      entry(
        'LB10',
        'twenty clients that resume from an old offset and never read',
        'each holds at most limits.buffered',
      ),
      entry(
        'LB11',
        'backups of the log while all rooms write to it',
        'each is whole, and no ack is late because of it',
      ),
    ],
  },
  {
    title: 'Restart',
    entries: [
      entry(
        'DP1',
        'SIGTERM to a full server; a tenth of its peers ignore the close',
        'all peers get a reconnect delay; exit code 0 in time',
      ),
      entry(
        'DP2',
        'publishing during SIGTERM, a second SIGTERM, and SIGKILL',
        'each message is kept, or its sender gets an error',
      ),
      entry(
        'DP4',
        'clients whose network fails for seconds, all at once',
        'reconnected soon after it returns, and not all at the same moment',
      ),
    ],
  },
  {
    title: 'What a room remembers',
    entries: [
      entry(
        'RM1',
        'kill -9 of a room that moves money between accounts in its storage: at random under load, at every named point of a step with storage, alarms, `redact` or `clearHistory`, and between the statements of its transaction',
        'the sum is right, storage and alarms are the fold of the log, each acknowledged move stands once',
      ),
      entry('RM2', 'the same with mistakes planted into the server', 'each is found'),
      entry('RM3', 'a disk that is full, or fails to sync, while money is moved', 'the books agree'),
      entry(
        'RM4',
        'schemas of the storage that were changed between two starts',
        'the room opens, or says what does not fit',
      ),
      entry('RM5', 'a thousand alarms due at one moment', 'called once each; messages are answered meanwhile'),
      entry(
        'RM6',
        'storage at full size; a small change of it with each message',
        'opens fast; at most 15 % fewer messages a second',
      ),
      entry('RM7', 'backups while money is moved, and a start from one', 'the books of each agree'),
    ],
  },
  REDIS,
  NODES,
  {
    title: 'Proxies with the files that ship',
    entries: [
      entry('PX1', 'more than a minute of silence through nginx, Caddy and HAProxy', 'no connection is closed'),
      entry(
        'PX2',
        'an event stream for a client that accepts compression, over HTTP/1.1 and HTTP/2',
        'its first byte arrives at once',
      ),
      entry('PX3', 'reloads of the proxy under load', 'nothing missed or repeated, no old worker left'),
      entry('PX4', 'POSTs on connections that were idle for about the idle timeout', 'no 502, nothing handled twice'),
      entry('PX5', 'HAProxy: HTTP/2 WebSockets, a handshake without a key', 'served; 400'),
      entry('PX7', 'a second request after a refused upgrade', 'not answered by the server'),
    ],
  },
  {
    title: 'Browsers',
    entries: [
      entry('BR1', 'markup as name and text, in Chromium', 'displayed as text'),
      entry('BR2', 'line breaks and separators in all data of an event stream', 'the event arrives unchanged'),
      entry(
        'BR3',
        'an EventSource that loses its stream, gets a reconnect delay, or is refused',
        'behaves as the standard says',
      ),
    ],
  },
  {
    title: 'Files and bodies',
    entries: [
      entry('ST1', 'path traversal in every encoding; files that must not be served', '403 or 404'),
      entry('ST2', 'content types that are almost JSON', 'refused, never parsed'),
      entry(
        'ST3',
        'keys such as `__proto__`, by WebSocket, POST and event stream',
        'the same answer on every transport',
      ),
      entry(
        'ST4',
        'requests that two parsers split differently (desync); bodies that arrive at one byte a second',
        '400 and closed; deadlines are met',
      ),
    ],
  },
]

export const ENTRIES: readonly Entry[] = CATALOGUE.flatMap(({ entries }) => entries)
