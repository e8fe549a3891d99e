/** The files that `corridor init` writes beside the room of `room-template.ts`: its page, and the settings of the project. */

/** The room that a new project begins with. */
export const FIRST_ROOM = 'wave'

export function roomsText(): string {
  return `{
  "$schema": "./rooms.schema.json",
  "rooms": {
    "/${FIRST_ROOM}": { "module": "${FIRST_ROOM}", "title": "Wave", "page": "${FIRST_ROOM}.html" },
    "/chat": { "module": "corridor/rooms/chat", "title": "Chat" }
  }
}
`
}

export function tsconfigText(): string {
  return `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true,
    "types": ["node"]
  },
  "include": ["rooms"]
}
`
}

export const IGNORED = 'node_modules\ndata\n'

/** The page of the room: the browser client of the server, and no build. */
export function pageText(): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="./favicon.svg">
    <title>Wave</title>
    <style>
      body { font: 1rem/1.5 system-ui; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
      input, button { font: inherit }
    </style>
  </head>
  <body>
    <h1>Wave</h1>
    <p id="state" role="status"></p>
    <form>
      <label>Wave at <input name="at" required maxlength="80" autocomplete="off"></label>
      <button>Wave</button>
    </form>
    <ul id="waves" aria-live="polite"></ul>
    <script type="module">
      import { connect } from './client.js'

      const room = connect('${FIRST_ROOM}')
      const show = (text) => {
        const line = document.createElement('li')
        line.textContent = text
        document.querySelector('#waves').append(line)
      }
      room.on('greeting', ({ data }) => show(data))
      room.on('waved', ({ data }) => show(\`\${data.from} waves at \${data.at}\`))
      room.onState(({ state }) => {
        document.querySelector('#state').textContent = state
      })
      document.querySelector('form').addEventListener('submit', async (event) => {
        event.preventDefault()
        const form = event.currentTarget
        try {
          await room.send('wave', { at: form.elements.at.value })
          form.reset()
        } catch (error) {
          show(error.message)
        }
      })
    </script>
  </body>
</html>
`
}
