/** What Lua in a script does, on a real Redis and on the model: numbers, strings, tables, errors, and what is forbidden. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { Twins } from './twins.ts'

const command = need('redis')
let twins: Twins

beforeAll(async () => {
  if (command) twins = await Twins.start(command)
})
afterAll(() => twins?.end())

/** Both answer the same, and it is this, where it is given. */
const answers = (text: string, flags = '') =>
  twins.run({ name: 'snippet', text: `#!lua${flags}\n${text}` }, 'key:{1}', [
    '7',
    'text',
    Buffer.from([0, 255, 128]),
    '',
  ])

describe('answers', () => {
  it.each([
    'return 1',
    'return 3.99',
    'return -3.99',
    "return 'text'",
    'return nil',
    'return true',
    'return false',
    'return',
    'local x = 1',
    "return {1, 'a', {2, false, true}, 3}",
    'return {1, nil, 3}',
    "return {ok = 'FINE'}",
    "return redis.status_reply('FINE')",
    "return {err = 'MINE not so'}",
    "return redis.error_reply('MINE not so')",
    "return redis.error_reply('-MINE not so')",
    'return {}',
    'return ARGV',
    'return KEYS',
    'return {#ARGV, #ARGV[3], ARGV[3]}',
    'return redis.sha1hex(ARGV[3])',
    "return {key = 'value', 5}",
    "return type(nil) .. type(1) .. type('') .. type({}) .. type(type) .. type(true)",
  ])('%s', async (text) => void (await answers(text)))
})

describe('numbers', () => {
  it.each([
    'return tostring(7 / 2) .. tostring(1e15) .. tostring(2^53) .. tostring(-0.0)',
    "return 100000000000005 .. ' ' .. 1767225600123456 .. ' ' .. 0.1 .. ' ' .. 1e100 .. ' ' .. 1/3",
    "return 12345678901234 .. ' ' .. 123456789012345 .. ' ' .. 1e14 .. ' ' .. 0.0001 .. ' ' .. 0.00001",
    'return tostring(1/0) .. tostring(-1/0) .. tostring(3 % -2) .. tostring(-3 % 2) .. tostring(5.5 % 2)',
    "return {tonumber('0x10'), tonumber(' 12 '), tonumber('1e3'), tonumber('x') or 'none', tonumber('') or 'none', tonumber('1 2') or 'none'}",
    "return {tonumber('ff', 16), tonumber('8', 8) or 'none', tonumber('zz', 36), tonumber('-7'), tonumber('.5') * 10}",
    "return {'10' + 5, '3' * '4', 10 .. 20, -'2', 2 ^ 10, 7 % 4}",
    "return string.format('%.0f %.0f %.0f %.0f', 2^53, 1767225600123, 0.5, 1.5)",
    "return string.format('%.2f %.2f %5.1f|%-6.1f|%06.2f %.3f', 0.125, 2.675, 3.14159, 2.5, -1.5, 1e21)",
    "return string.format('%d %5d %-5d| %05d %x %X %o', 42, 42, 42, 42, 255, 255, 8)",
    "return string.format('%g %g %g %.3g %.14g %.17g', 1, 0.1, 1e20, 1234.5, 0.1, 0.1)",
    "return string.format('%s %10s %-10s| %.2s %q %c %%', 'a', 'b', 'c', 'defg', 'h\"\\n', 65)",
    'return {math.floor(-1.5), math.ceil(-1.5), math.max(1, 5, 3), math.min(4, 2), math.abs(-3), math.fmod(-7, 3)}',
    "redis.call('SET', KEYS[1], 1767225600123456) return redis.call('GET', KEYS[1])",
    "redis.call('SET', KEYS[1], 2^53) return redis.call('GET', KEYS[1])",
    "redis.call('SET', KEYS[1], 0.1) return redis.call('GET', KEYS[1])",
    "redis.call('SET', KEYS[1], 1e20) return redis.call('GET', KEYS[1])",
    "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 1, 1.5, 2, -0) return redis.call('HGETALL', KEYS[1])",
    'return 1 < 2 and 2 <= 2 and not (2 < 1) and 3 > 2 and 3 >= 3 and 1 ~= 2 and 1 == 1.0',
    'return {1e15, 2^53, -2^53}',
    'local n = 0 for i = 10, 1, -3 do n = n * 10 + i end return n',
    'local t = {} for i = 1, 3 do t[#t + 1] = function() return i end end return {t[1](), t[2](), t[3]()}',
    "local s = 0 for i = 1, '3' do s = s + i end return s",
  ])('%s', async (text) => void (await answers(text)))
})

describe('strings', () => {
  it.each([
    "return {string.byte('abc', 1, -1)}",
    "return {string.byte('abc'), string.byte('abc', 9) == nil and 'none', string.byte(ARGV[3], 2)}",
    "return {('abc'):sub(2), ('abc'):sub(-2, -1), ('abc'):sub(0), ('abc'):sub(5), ('abc'):sub(2, 1), ('abc'):sub(-9, 2)}",
    "return {('aBc'):upper(), ('aBc'):lower(), ('ab'):rep(3), ('abc'):reverse(), ('abc'):len(), #'abc', ('x'):rep(-1)}",
    "return {string.find('hello world', 'o w')}",
    "return {string.find('hello', 'l+')}",
    "return {string.find('hello', 'xyz') == nil and 'none'}",
    "return {string.find('a.b', '.', 1, true), string.find('a.b', '%.')}",
    "return {string.find('hello', '(l)(l)', 2)}",
    "return {string.find('', ''), string.find('abc', '', 10) == nil and 'none'}",
    "return {string.match('key=value', '(%w+)=(%w+)')}",
    "return {string.match('2024-01-05', '^(%d+)-(%d+)-(%d+)$')}",
    "return {string.match('  trim  ', '^%s*(.-)%s*$')}",
    "return {string.match('run_id:abc123\\r\\nx', 'run_id:(%w+)'), string.match('12-0', '^%d+'), string.match('x', '^%d+') or 'none'}",
    "return {string.match('f(a(b)c)d', '%b()'), string.match('THE (quick) fox', '%((%a+)%)'), string.match('hello', '()ll()')}",
    "return {string.match('abab', '(ab)%1'), string.match('[x]', '[%[x%]]+'), string.match('a-b', '[a-]+'), string.match('x]', '[]]')}",
    "return {string.match('THE fox', '%f[%a]%a+'), string.match('a\\0b', '%z'), string.match('tab\\t', '%c') ~= nil and 'yes'}",
    "return {string.gsub('hello', 'l', 'L')}",
    "return {string.gsub('hello world', '(%w+)', '<%1>')}",
    "return {string.gsub('abc', '', '-')}",
    "return {string.gsub('hello', 'l', {l = 'r'}), (string.gsub('abc', '%w', function(c) if c == 'b' then return nil end return c .. c end))}",
    "return {string.gsub('hello', 'l', 'x', 1), (string.gsub('a.b', '%.', '%%'))}",
    "local t = {} for a, b in string.gmatch('1=2;3=4;', '(%d)=(%d);') do t[#t + 1] = a + b end return t",
    "local t = {} for w in ('a bb ccc'):gmatch('%a*') do t[#t + 1] = '<' .. w .. '>' end return table.concat(t)",
    "local function s(x) return x and 1 or 0 end return {s('a' < 'b'), s('a' < 'B'), s('' < 'a'), s('a' < 'ab'), s('Z' < 'a')}",
    "return 'a\\065\\n\\'\\\\' .. [[long\n'text']] .. \"x\"",
    "return #'ä' .. 'ä'",
    'return ARGV[2] .. ARGV[3] .. ARGV[4]',
    'return tostring(nil) .. tostring(true) .. tostring(12)',
    'return string.char(0, 255, 65) .. string.char()',
    "return {struct.unpack('>I4c0I4c0', string.char(0, 0, 0, 2) .. 'ab' .. string.char(0, 0, 0, 0) .. 'rest')}",
    "return {struct.unpack('>I4c0', 'rest' .. string.char(0, 0, 1, 1) .. string.rep('x', 300), 5)}",
    "return {struct.unpack('>I4', string.char(255, 254, 253, 252)), struct.unpack('>c3I2c', 'abc' .. ARGV[3])}",
    "return {struct.unpack('>I4c0', string.char(0, 0, 0, 3) .. 'ab')}",
    "return {struct.unpack('>I4c0', 'abc')}",
    "return {struct.unpack('>I4', 'abcd', 2)}",
    "return {struct.unpack('>c0', 'abcd')}",
    "return {struct.unpack('>I4')}",
  ])('%s', async (text) => void (await answers(text)))
})

describe('tables', () => {
  it.each([
    'local t = {1, 2, 3} t[#t + 1] = 4 t[2] = nil return {#t, t[1], t[4]}',
    "local t = {} t[3] = 'c' t[2] = 'b' t[1] = 'a' return t",
    "local t = {} t[1.0] = 'x' t['1'] = 'y' return {t[1], t['1'], #t}",
    "local t = {[0] = 'z', 'a', k = 'v'} return {t[0], t[1], t.k, #t}",
    'local t = {5, 2, 8, 1} table.sort(t) return t',
    'local t = {5, 2, 8, 1} table.sort(t, function(a, b) return a > b end) return t',
    "local t = {'a', 'b', 'c'} table.insert(t, 'd') table.insert(t, 1, 'z') local x = table.remove(t, 2) return {x, unpack(t)}",
    "local t = {'a', 'b'} table.remove(t) table.remove(t) local x = table.remove(t) return {#t, x == nil and 'none'}",
    "return {table.concat({1, 2, 'x'}, ', '), table.concat({}, ','), table.concat({'a', 'b', 'c'}, '-', 2, 3)}",
    'return {unpack({1, 2, 3}, 2)}',
    "return {select('#', 1, nil, 3), select(2, 'a', 'b', 'c')}",
    'local n = 0 for k, v in pairs({a = 1, b = 2, 3}) do n = n + v end return n',
    'local t = {} for i, v in ipairs({1, 2, nil, 4}) do t[i] = v end return t',
    "local n = 0 local t = {a = 1, b = 2} for k in pairs(t) do t[k] = nil n = n + 1 end return {n, next(t) == nil and 'empty'}",
    "local function f(...) local a, b = ... return select('#', ...), a, b end return {f(1, nil, 3)}",
    'local function f() return 1, 2 end return {f(), f(), (f())}',
    "local function f() return 1, 2 end local a, b = (f()) return {a, b == nil and 'none', (select('#', (f()))), select('#', f())}",
    'local function f() return 1, 2 end local function g() return (f()) end return {g()}',
    'local function f() return 1, 2 end return {(f()), (f()) --[[)]]}',
    'local function f(...) return {(...)} end return f(1, 2, 3)',
    "local a, b, c = (function() return 1, 2 end)() return {a, b, c == nil and 'none'}",
    'local a, b = 1, 2 a, b = b, a return {a, b}',
    "local t = {1, 2} local i = 1 i, t[i] = 2, 'x' return {i, t[1], t[2]}",
    'local x = 1 do local x = 2 end local function g() return x end x = 3 return g()',
    'local i = 0 repeat local done = i > 3 i = i + 1 until done return i',
    'local i = 0 while true do i = i + 1 if i > 5 then break end end return i',
    "local x = false or nil and 1 return x == nil and 'nil' or x",
    "return {nil == false and 'same' or 'other', 0 and 'zero is true', '' and 'so is the empty text'}",
    'local function fact(n) if n < 2 then return 1 end return n * fact(n - 1) end return fact(10)',
  ])('%s', async (text) => void (await answers(text)))
})

describe('errors', () => {
  it.each([
    'return nil + 1',
    'local t return t.x',
    "return 'a' < 1",
    "return {} .. 'x'",
    'return #nil',
    'nope()',
    'x = 1',
    'return nope',
    "error('mine')",
    "error({err = 'MINE not so'})",
    'error()',
    "return pcall(error, 'mine')",
    "local ok, e = pcall(redis.call, 'GET') return {ok == false and 'failed', e}",
    "local e = redis.pcall('INCRBY', KEYS[1], 'x') return e.err",
    "return redis.pcall('NOSUCH')",
    "redis.call('NOSUCH')",
    "return redis.call('GET')",
    'return redis.call()',
    "return redis.call('GET', {})",
    "return redis.call('GET', nil)",
    "redis.call('SET', KEYS[1], 'kept') redis.call('LPUSH', KEYS[1], 'x')",
    "return redis.call('GET', KEYS[1])",
    "redis.call('SET', KEYS[1], 'x') return redis.call('set', KEYS[1], 'y', 'NOPE')",
    "return redis.call('XINFO', 'STREAM', 'absent:{1}')",
    "return redis.call('WAIT', 1, 1)",
    "return redis.call('CONFIG', 'GET', 'save')",
    'local function f() f() end f()',
    "for i = 1, 'x' do end",
    'return string.rep()',
    "return ('x'):nope()",
    'return unpack(nil)',
    "assert(false, 'mine')",
    'return assert(1, 2)',
    'return (',
    'retrun 1',
  ])('%s', async (text) => void (await answers(text)))

  it('leave what was written before', async () => {
    await answers("redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'a') redis.call('HSET', KEYS[1], 'a', 'b')")
    expect(await twins.command('LRANGE', 'key:{1}', 0, -1)).toEqual({ reply: ['a'] })
  })

  it('of a script that says it writes nothing', async () => {
    await answers("return redis.call('SET', KEYS[1], '1')", ' flags=no-writes')
    await answers("return redis.call('TYPE', KEYS[1])", ' flags=no-writes')
  })

  it.each([' flags=nope', ' nope', ' flags=no-writes,allow-oom', ' name=x'])('of the flags "%s"', async (flags) => {
    await answers('return 1', flags)
  })
})
