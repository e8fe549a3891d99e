/**
 * A real browser for the tests of the pages. Each visitor is a browser context of its own, with its own storage, and
 * keeps a record of everything a page must not do: errors, forbidden loads, dialogs. `quiet` fails on any of it.
 */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { need } from './components.ts'
import { type Setup, startServer, type TestServer } from './server.ts'

/** How Chromium is started. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** Throws if the page logged or did what it must not; `except`: what this test causes itself. */
  quiet(except?: RegExp): void
}

export type VisitOptions = BrowserContextOptions & { name?: string }

export interface PagesFixture {
  readonly server: TestServer
  /** A new visitor, with a separate browser context, at `path` of the server. */
  open(path: string, options?: VisitOptions): Promise<Visitor>
  /** The same in a room and under a name, once connected. */
  enter(name: string, path?: string, options?: VisitOptions): Promise<Visitor>
  /** Ends the server. */
  stop(): Promise<void>
  /** Starts another in its place. */
  start(setup: Setup): Promise<void>
}

/** One browser for the test file; for each test a server with the rooms that ship, and visitors who leave at its end. */
export function openPages(): PagesFixture {
  let browser: Browser
  let server: TestServer | undefined
  let visitors: Visitor[] = []
  const fixture: PagesFixture = {
    get server() {
      if (!server) throw new Error('expected a running server: start() one first')
      return server
    },
    async open(path, options) {
      const visitor = await visit(browser, `${fixture.server.url.replace(/\/$/, '')}${path}`, options)
      visitors.push(visitor)
      return visitor
    },
    async enter(name, path = '/chat', options = {}) {
      const visitor = await fixture.open(path, { name, ...options })
      await connected(visitor.page)
      return visitor
    },
    async stop() {
      const running = server
      server = undefined
      await running?.close()
    },
    async start(setup) {
      await fixture.stop()
      server = await startServer(setup)
    },
  }
  const program = need('chromium')
  beforeAll(async () => {
    if (program) browser = await chromium.launch({ executablePath: program, args: CHROMIUM_ARGUMENTS })
  })
  afterAll(() => browser?.close())
  beforeEach(() => fixture.start({}))
  afterEach(async () => {
    await Promise.all(visitors.map(({ context }) => context.close()))
    visitors = []
    await fixture.stop()
  })
  return fixture
}

export async function connected(page: Page): Promise<void> {
  await page.locator('.state[data-state="open"]').waitFor()
}

/** The texts of a chat, in order. */
export function messages(page: Page): Promise<string[]> {
  return page.locator('.message .text').allTextContents()
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text)
  await page.keyboard.press('Enter')
}

/** Until the room has given a message with this text its place. */
export async function hears(page: Page, text: string): Promise<void> {
  await page.locator('.message:not([data-pending]) .text', { hasText: text }).first().waitFor()
}

/** Opens `url` in a separate context; `name`: the nickname this browser remembers. */
async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visitor> {
  const { name, ...rest } = options
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...rest })
  context.setDefaultTimeout(10_000)
  if (name) await context.addInitScript((kept) => localStorage.setItem('corridor.name', kept), name)
  const page = await context.newPage()
  const said: string[] = []
  page.on(
    'console',
    (line) => ['error', 'warning'].includes(line.type()) && said.push(`${line.type()}: ${line.text()}`),
  )
  page.on('pageerror', (error) => said.push(`thrown: ${error.stack ?? error.message}`))
  page.on('dialog', async (dialog) => {
    said.push(`dialog: ${dialog.message()}`)
    await dialog.dismiss()
  })
  const origin = new URL(url).origin
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) said.push(`loads ${request.url()}`)
  })
  await page.goto(url)
  return {
    page,
    context,
    quiet(except) {
      const surprises = said.filter((line) => !except?.test(line))
      if (surprises.length > 0) throw new Error(`the page was to be quiet:\n${surprises.join('\n')}`)
    },
  }
}
