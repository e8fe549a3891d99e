/**
 * The pages of the classic Socket.IO tutorials in a real browser, to the letter but for the URL that they connect to:
 * with the client of version 2.2.0 from a content network, as in 2019, and with the one that the server itself serves.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { openPages } from '../support/browser.ts'
import { VERSION_2_BUNDLE } from '../support/version-2.ts'

const CDN = 'https://cdn.bootcss.com/socket.io/2.2.0/socket.io.js'
const OWN = '/socket.io/socket.io.js'

const hello = (script: string, url: string) => `<!doctype html>
<script src="${script}"></script>
<script>
  var socket = io.connect('${url}');
  socket.on('news', function (data) {
    console.log(data);
    socket.emit('my other event', { my: 'data' });
  });
</script>`

const mes = (script: string, url: string) => `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <title>WebSocket</title>
  <script src="${script}"></script>
</head>
<body>
  <h1>Chat Room</h1>
  <input id="sendTxt" type="text"/>
  <button id="sendBtn">发送</button>
  <script type="text/javascript">
    var socket = io("${url}");
    function showMessage(str, type){
      var div = document.createElement('div');
      div.innerHTML = str;
      if(type == "enter"){
        div.style.color = 'blue';
      }else if(type == "leave"){
        div.style.color = 'red';
      }
      document.body.appendChild(div);
    }
    document.getElementById("sendBtn").onclick = function(){
      var txt = document.getElementById("sendTxt").value;
      if(txt){
        socket.emit('message', txt);
      }
    }
    socket.on('enter', function(data){
      showMessage(data, 'enter');
    });
    socket.on('mes', function(data){
      showMessage(data, 'message');
    });
    socket.on('leave', function(data){
      showMessage(data, 'leave');
    });
  </script>
</body>
</html>`

const chatMessage = (script: string, url: string) => `<!DOCTYPE html>
<html>
  <head><title>Socket.IO chat</title></head>
  <body>
    <ul id="messages"></ul>
    <form id="form" action="">
      <input id="input" autocomplete="off" /><button>Send</button>
    </form>
    <script src="${script}"></script>
    <script>
      var socket = io('${url}');

      var messages = document.getElementById('messages');
      var form = document.getElementById('form');
      var input = document.getElementById('input');

      form.addEventListener('submit', function(e) {
        e.preventDefault();
        if (input.value) {
          socket.emit('chat message', input.value);
          input.value = '';
        }
      });

      socket.on('chat message', function(msg) {
        var item = document.createElement('li');
        item.textContent = msg;
        messages.appendChild(item);
        window.scrollTo(0, document.body.scrollHeight);
      });
    </script>
  </body>
</html>`

const pages = openPages()

/** A page of a tutorial, in a browser of its own, on the site that the server serves. */
async function open(html: string, before: (page: Page) => unknown = () => {}): Promise<Page> {
  const { page } = await pages.open('/healthz', { bypassCSP: true })
  await page.route(CDN, (route) => route.fulfill({ contentType: 'text/javascript', path: VERSION_2_BUNDLE }))
  before(page)
  // Not a made-up answer to a request: such a page has no address, and Chromium keeps it from this machine's WebSockets.
  await page.setContent(html)
  return page
}

/** What a page of `mes` shows, with the colour of each line. */
const shown = (page: Page) =>
  page.locator('body > div').evaluateAll((divs) => divs.map((div) => [div.textContent, div.getAttribute('style')]))

async function say(page: Page, text: string): Promise<void> {
  await page.locator('#sendTxt').fill(text)
  await page.locator('#sendBtn').click()
}

it('the bundle of 2.2.0 is the one of then', () => {
  expect(readFileSync(VERSION_2_BUNDLE, 'utf8')).toContain('Socket.IO v2.2.0')
})

describe.each([
  ['2.2.0 of a content network', CDN],
  ['the client that the server serves', OWN],
])('with %s', (_, script) => {
  it('hello: the news are heard, and answered', async () => {
    const lines: unknown[] = []
    await open(hello(script, `${pages.server.url}/tutorial/hello`), (page) =>
      page.on('console', async (line) => line.type() === 'log' && lines.push(await line.args()[0]?.jsonValue())),
    )
    await expect.poll(() => lines).toEqual([{ hello: 'world' }])
    await expect
      .poll(() => pages.server.logs.filter(({ msg }) => msg === 'my other event'))
      .toEqual([expect.objectContaining({ room: '/tutorial/hello', received: '{"my":"data"}' })])
  })

  it.each(['http', 'ws'])('mes over %s://: all see who enters, what is said, and who leaves', async (scheme) => {
    // Nobody is waited for who has closed the page.
    await pages.start({ rooms: { '/tutorial/mes': { module: 'tutorial/mes', rejoinWithin: '1h' } } })
    const url = `${pages.server.url.replace('http', scheme)}/tutorial/mes`
    const ann = await open(mes(script, url))
    const blue = 'color: blue;'
    await expect.poll(() => shown(ann)).toEqual([['user1 comes in', blue]])
    const bob = await open(mes(script, url))
    await expect.poll(() => shown(bob)).toEqual([['user2 comes in', blue]])
    await say(bob, '大家好')
    await expect
      .poll(() => shown(bob))
      .toEqual([
        ['user2 comes in', blue],
        ['user2 says: 大家好', null],
      ])
    await bob.waitForFunction('socket.io.engine.transport.name === "websocket"')
    await bob.close()
    await expect
      .poll(() => shown(ann))
      .toEqual([
        ['user1 comes in', blue],
        ['user2 comes in', blue],
        ['user2 says: 大家好', null],
        ['user2 left', 'color: red;'],
      ])
  })

  it('chat message: what one says all see, the sender too', async () => {
    const html = chatMessage(script, '/tutorial/chat-message')
    const [ann, bob] = [await open(html), await open(html)]
    for (const page of [ann, bob]) {
      await page.waitForFunction('socket.connected')
    }
    await ann.locator('#input').fill('hello <b>all</b>')
    await ann.keyboard.press('Enter')
    for (const page of [ann, bob]) {
      await expect.poll(() => page.locator('#messages li').allTextContents()).toEqual(['hello <b>all</b>'])
    }
  })
})

describe.each([
  ['2.2.0', CDN],
  ['the client that the server serves', OWN],
])('on a site of its own, with %s', (_, script) => {
  it('mes: only the URL is changed', async () => {
    const { origin } = new URL(pages.server.url)
    const html = mes(script === OWN ? origin + OWN : script, `${origin}/tutorial/mes`)
    const site = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(html))
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    try {
      const { page } = await pages.open('/healthz')
      await page.route(CDN, (route) => route.fulfill({ contentType: 'text/javascript', path: VERSION_2_BUNDLE }))
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
      await expect.poll(() => shown(page)).toEqual([['user1 comes in', 'color: blue;']])
      await say(page, 'hi')
      await expect.poll(() => shown(page)).toContainEqual(['user1 says: hi', null])
    } finally {
      site.closeAllConnections()
      site.close()
    }
  })
})

it('the two versions and a WebSocket are in one room', async () => {
  const url = `${pages.server.url}/tutorial/mes`
  const ann = await open(mes(CDN, url))
  await expect.poll(() => shown(ann)).toHaveLength(1)
  const bob = await open(mes(OWN, url))
  await expect.poll(() => shown(bob)).toHaveLength(1)
  const carol = await pages.server.connect('/tutorial/mes')
  await carol.next('enter')
  await say(ann, 'from two')
  await expect.poll(() => shown(bob)).toContainEqual(['user1 says: from two', null])
  await say(bob, 'from four')
  carol.send('message', 'from neither')
  for (const page of [ann, bob]) {
    await expect
      .poll(async () => (await shown(page)).map(([text]) => text).slice(-3))
      .toEqual(['user1 says: from two', 'user2 says: from four', 'user3 says: from neither'])
  }
})
