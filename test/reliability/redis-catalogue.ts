/** The chapter of the catalogue on rooms in Redis. */
import { type Chapter, entry } from './entry.ts'

export const REDIS: Chapter = {
  title: 'Rooms in Redis',
  entries: [
    entry(
      'RR1',
      'kill -9 under load of a server with its rooms in Redis, of that Redis (appendfsync always), of both; of the server at named points',
      'nothing acknowledged is lost or doubled, everyone resumes',
    ),
    entry(
      'RR2',
      'the same of a room that moves money between accounts in its storage',
      'the sum is right, storage and alarms are the fold of the log, each acknowledged move stands once',
    ),
    entry(
      'RR3',
      'a Redis that is killed, frozen, slow, full, read-only, busy, cut off, whose answers are lost, whose calls arrive late, under speakers by WebSocket and POST, listeners and readers',
      'answers within 5 s, nothing acknowledged lost or doubled, all goes on within 3 s, broadcasts and reads go on meanwhile',
    ),
    entry(
      'RR4',
      'a Redis that loses what it acknowledged: an older append-only file, none, FLUSHALL, one key',
      'made again by the server that has said it, or told to everyone; nothing doubled',
    ),
    entry('RR10', 'events, message ids and rooms in Redis', 'few bytes each'),
    entry('RR11', 'a million message ids in one room in Redis', 'commits stay fast; none holds Redis up for long'),
    entry('RR12', 'a hundred thousand rooms in Redis', 'what is too old, and whose alarm is next, is found quickly'),
    entry('RR13', 'rooms in Redis that are opened', 'within milliseconds'),
    entry(
      'RR15',
      'acks of the log in Redis beside SQLite and beside its script alone',
      'half as fast as the script, 0.7 as SQLite',
    ),
    entry('RR14', 'backups of Redis while rooms are written to', 'commits go on as they do without'),
  ],
}
