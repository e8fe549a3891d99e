/** What is kept under ids: value and error of each, '' where there is none. Writes nothing. `room-ids.ts` asks. */

import { IDS, ROOM } from './room-keys.ts'
import type { Script } from './script.ts'

export const recall: Script = {
  name: 'recall',
  text: `#!lua flags=no-writes
${ROOM}${IDS}
local parts, answers = readParts(), {}
for i = 2, #ARGV do
  local value, _, part = findId(parts, ARGV[i])
  answers[#answers + 1] = value or ''
  answers[#answers + 1] = value and redis.call('HGET', B .. 'x' .. part.p .. path, ARGV[i]) or ''
end
return answers
`,
}

/**
 * What is known of clients: the latest time in an id that is kept, and in one that is forgotten, '' where there is none.
 * The time is doubled; odd: there was also an id without a time. Writes nothing.
 */
export const clients: Script = {
  name: 'clients',
  text: `#!lua flags=no-writes
${ROOM}${IDS}
local parts, answers = readParts(), {}
local forgotten = forgottenClients()
for i = 2, #ARGV do
  local latest, odd, past = -1, 0, ''
  for _, part in ipairs(parts) do
    local value = tonumber(redis.call('HGET', hashOf(part.clients, ARGV[i]), ARGV[i]) or '-1')
    if value >= 0 then
      latest, odd = math.max(latest, value - value % 2), math.max(odd, value % 2)
    end
  end
  if forgotten.fields > 0 then past = redis.call('HGET', hashOf(forgotten, ARGV[i]), ARGV[i]) or '' end
  answers[#answers + 1] = latest < 0 and '' or int(latest + odd)
  answers[#answers + 1] = past
end
return answers
`,
}
