/** The foreign clients that `npm run test:foreign` runs. To add one: a program below this folder, and its lines here. */
import { join } from 'node:path'
import { BUILT, type ForeignClient, PIP } from './foreign-client.ts'

/** Debian's Python, which sees Debian's packages; beside it the one in PATH, for what pip installs. */
const debian = (file: string) => ['/usr/bin/python3', '-B', `python/${file}`]
const pip = (packages: string, file: string) => ({
  packages: [],
  pip: packages,
  run: ['python3', '-B', `python/${file}`],
  env: { PYTHONPATH: join(PIP, packages) },
})
const program = (name: string) => join(BUILT, name)
/** Debian's Go packages lie in a GOPATH. */
const go = (name: string) => ({
  build: ['go', 'build', '-o', program(name), `go/${name}.go`, 'go/plan.go'],
  run: [program(name)],
  env: { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', GOCACHE: join(BUILT, 'go') },
})
const cpp = (name: string, ...options: string[]) => ({
  build: ['g++', '-std=c++14', '-O0', '-o', program(name), `cpp/${name}.cpp`, '-pthread', ...options],
  run: [program(name)],
})

/** It is run by tests of its own. */
export const SOCKET_IO: ForeignClient = {
  name: 'Python python-socketio',
  packages: ['python3-socketio', 'python3-requests', 'python3-websocket'],
  run: debian('socketio_client.py'),
  compression: 'never',
  origin: 'none',
}

/** Those that other tests run. */
export const OTHERS: readonly Pick<ForeignClient, 'name' | 'packages' | 'pip'>[] = [
  SOCKET_IO,
  { name: 'curl', packages: ['curl'] },
]

export const CLIENTS: readonly ForeignClient[] = [
  {
    name: 'Python websockets (asyncio), Debian',
    packages: ['python3-websockets'],
    run: debian('websockets_asyncio.py'),
    compression: 'always',
    origin: 'none',
  },
  {
    name: 'Python websockets (asyncio)',
    ...pip('websockets', 'websockets_asyncio.py'),
    compression: 'always',
    origin: 'none',
  },
  {
    name: 'Python websockets (threads)',
    ...pip('websockets', 'websockets_sync.py'),
    compression: 'always',
    origin: 'none',
  },
  {
    name: 'Python websocket-client, Debian',
    packages: ['python3-websocket'],
    run: debian('websocket_client.py'),
    compression: 'never',
    origin: 'same',
  },
  {
    name: 'Python websocket-client',
    ...pip('websocket-client', 'websocket_client.py'),
    compression: 'never',
    origin: 'same',
  },
  {
    name: 'Python aiohttp, Debian',
    packages: ['python3-aiohttp'],
    run: debian('aiohttp_client.py'),
    compression: 'asked',
    origin: 'none',
  },
  { name: 'Python aiohttp', ...pip('aiohttp', 'aiohttp_client.py'), compression: 'asked', origin: 'none' },
  {
    name: 'Python tornado, Debian',
    packages: ['python3-tornado'],
    run: debian('tornado_client.py'),
    compression: 'asked',
    origin: 'none',
  },
  { name: 'Python tornado', ...pip('tornado', 'tornado_client.py'), compression: 'asked', origin: 'none' },
  {
    name: 'Python ws4py',
    packages: ['python3-ws4py'],
    run: debian('ws4py_client.py'),
    compression: 'never',
    origin: 'same',
    hint: 'read the answer to the handshake byte by byte, else it loses events that come with it',
  },
  {
    name: 'Python autobahn',
    packages: ['python3-autobahn'],
    run: debian('autobahn_client.py'),
    compression: 'asked',
    origin: 'none',
  },
  {
    name: 'Qt QWebSocket',
    packages: ['python3-pyqt6.qtwebsockets'],
    run: debian('qt.py'),
    compression: 'never',
    origin: 'none',
    cannot: { 'close code of its own': 'PyQt6 knows those of the standard only' },
  },
  {
    name: 'Go gorilla/websocket',
    packages: ['golang-go', 'golang-github-gorilla-websocket-dev'],
    ...go('gorilla'),
    compression: 'asked',
    origin: 'none',
  },
  {
    name: 'Go nhooyr.io/websocket',
    packages: ['golang-go', 'golang-nhooyr-websocket-dev'],
    ...go('nhooyr'),
    compression: 'always',
    origin: 'none',
  },
  {
    name: 'Perl Mojo::UserAgent',
    packages: ['libmojolicious-perl'],
    run: ['/usr/bin/perl', 'perl/mojo.pl'],
    compression: 'asked',
    origin: 'none',
  },
  {
    name: 'C++ websocketpp',
    packages: ['g++', 'libwebsocketpp-dev', 'libboost-dev', 'zlib1g-dev'],
    ...cpp('websocketpp', '-lz'),
    compression: 'asked',
    origin: 'none',
  },
  {
    name: 'C++ Boost.Beast',
    packages: ['g++', 'libboost-dev'],
    ...cpp('beast'),
    compression: 'asked',
    origin: 'none',
  },
  {
    name: 'Ruby faye-websocket',
    packages: ['ruby', 'ruby-faye-websocket'],
    run: ['/usr/bin/ruby', 'ruby/faye.rb'],
    compression: 'never',
    origin: 'none',
  },
  {
    name: 'GNOME libsoup',
    packages: ['python3-gi', 'gir1.2-soup-3.0'],
    run: debian('soup.py'),
    compression: 'asked',
    origin: 'none',
  },
]
