/** Commands about the server itself. Those that need a connection (`WAIT`) are the connection's. */
import { Status } from '../answer.ts'
import { type Command, reads, tells } from '../command.ts'

export const SERVER: readonly Command[] = [
  tells('TIME', 1, (_, __, { timeUs }) => [String(Math.floor(timeUs / 1_000_000)), String(timeUs % 1_000_000)]),
  tells('INFO', -1, (_, args, server) =>
    args.length === 0 ? server.info('default') : args.map((section) => server.info(section.toLowerCase())).join('\r\n'),
  ),
  { ...tells('ROLE', 1, (_, __, server) => server.role()), isForClients: true },
  {
    ...tells('CONFIG', -3, (_, [what, ...patterns], server) => {
      if (what?.toUpperCase() !== 'GET') throw new RangeError(`the model knows CONFIG GET, got ${what}`)
      return patterns.flatMap((pattern) => server.config(pattern))
    }),
    isForClients: true,
  },
  {
    ...reads('WAIT', 3, () => {
      throw new RangeError("WAIT is the connection's: use runReplicated")
    }),
    isForClients: true,
  },
  // It tells who asks that writes would fail.
  { ...reads('PING', -1, (_, [text]) => text ?? new Status('PONG')), needsDisk: true },
  tells('PUBLISH', 3, (_, [channel = '', message = ''], server) => server.publish(channel, message)),
  tells('ECHO', 2, (_, [text = '']) => text),
]
