/** Stock WebSocket clients of other languages, each against the same suite. */
import { mkdirSync } from 'node:fs'
import { CLIENTS } from './clients.ts'
import { BUILT } from './foreign-client.ts'
import { describeClient } from './suite.ts'

mkdirSync(BUILT, { recursive: true })

for (const client of CLIENTS) describeClient(client)
