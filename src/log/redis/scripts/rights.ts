/**
 * Which of these commands Redis would not run for this user on a key: its rights forbid them, or its configuration gave them
 * other names. `open.ts` asks at start, since a script that is refused half way leaves a half.
 */
import type { Script } from './script.ts'

/** All that the scripts call, and the log itself. */
export const COMMANDS: readonly string[] = [
  ...['DEL', 'EXISTS', 'GET', 'INFO', 'SET', 'TIME', 'UNLINK'],
  ...['HDEL', 'HGET', 'HGETALL', 'HINCRBY', 'HKEYS', 'HLEN', 'HMGET', 'HSCAN', 'HSET', 'HSTRLEN'],
  ...['LRANGE', 'LTRIM', 'RPUSH'],
  ...['XADD', 'XDEL', 'XINFO STREAM', 'XLEN', 'XRANGE', 'XREVRANGE', 'XTRIM'],
  ...['ZADD', 'ZCARD', 'ZRANGE', 'ZREM', 'ZSCORE'],
]

export const rights: Script = {
  name: 'rights',
  text: `#!lua flags=no-writes
local refused = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '%u+') do words[#words + 1] = word end
  words[#words + 1] = KEYS[1]
  local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(words))
  if not (isKnown and isAllowed) then refused[#refused + 1] = command end
end
return refused
`,
}
