#!/usr/bin/ruby
# Ruby's faye-websocket on EventMachine. What it is asked to do, and how it answers: see foreign-client.ts.
require 'eventmachine'
require 'faye/websocket'
require 'json'

$stdout.sync = true
def say(line) = puts(line.to_json)

if ARGV.empty?
  say(client: 'faye-websocket', version: Gem.loaded_specs['faye-websocket']&.version || Gem::Specification.find_by_name('faye-websocket').version)
  exit
end

words = ARGV.dup
url = words.shift
headers = {}
protocols = []
steps = []
until words.empty?
  case word = words.shift
  when 'header' then headers[words.shift] = words.shift
  when 'protocol' then protocols << words.shift
  when 'close' then steps << [word, words.shift.to_i, words.shift]
  when 'end' then steps << [word]
  else steps << [word, words.shift]
  end
end

inbox = []
wanted = 0
EM.run do
  socket = Faye::WebSocket::Client.new(url, protocols, headers: headers, max_length: 1 << 20)
  # Takes steps as long as nothing has to be waited for.
  go_on = lambda do
    loop do
      while wanted.positive? && !inbox.empty?
        say(inbox.shift)
        wanted -= 1
      end
      break if wanted.positive?
      exit!(0) if steps.empty?
      kind, first, second = steps.shift
      case kind
      when 'text' then socket.send(first)
      when 'binary' then socket.send([first].pack('H*').bytes)
      when 'hear' then wanted = first.to_i
      when 'close' then break socket.close(first, second)
      else break
      end
    end
  end
  socket.on(:open) do
    say(open: { protocol: socket.protocol || '' })
    go_on.call
  end
  socket.on(:message) do |event|
    inbox << (event.data.is_a?(String) ? { text: event.data } : { binary: event.data.pack('C*').unpack1('H*') })
    go_on.call
  end
  socket.on(:close) do |event|
    status = socket.status
    if status && status != 101
      say(refused: { status: status })
    else
      say(closed: { code: event.code || 1006, reason: event.reason || '' })
    end
    exit!(0)
  end
end
