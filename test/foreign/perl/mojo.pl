#!/usr/bin/perl
# Perl's Mojolicious, Mojo::UserAgent. What it is asked to do, and how it answers: see foreign-client.ts.
use Mojo::Base -strict;
use Mojolicious;
use Mojo::JSON qw(encode_json);
use Mojo::IOLoop;
use Mojo::UserAgent;

$| = 1;
sub say_line { print encode_json({@_}), "\n" }

unless (@ARGV) {
  say_line(client => 'Mojo::UserAgent', version => Mojolicious->VERSION);
  exit 0;
}

my ($url, @words) = map { utf8::decode($_); $_ } @ARGV;
my (%headers, @protocols, @steps);
while (defined(my $word = shift @words)) {
  if    ($word eq 'header')   { my $name = shift @words; $headers{$name} = shift @words }
  elsif ($word eq 'protocol') { push @protocols, shift @words }
  elsif ($word eq 'compress') { $headers{'Sec-WebSocket-Extensions'} = 'permessage-deflate' }
  elsif ($word eq 'close')    { push @steps, [close => shift @words, shift @words] }
  elsif ($word eq 'end')      { push @steps, ['end'] }
  else                        { push @steps, [$word => shift @words] }
}

my ($socket, $wanted, @inbox) = (undef, 0);

# Takes steps as long as nothing has to be waited for.
sub go_on {
  while (1) {
    while ($wanted && @inbox) { say_line(%{shift @inbox}); $wanted-- }
    return if $wanted;
    my $step = shift @steps or return Mojo::IOLoop->next_tick(sub { exit 0 });
    my ($kind, @given) = @$step;
    if    ($kind eq 'text')   { $socket->send({text   => Mojo::Util::encode('UTF-8', $given[0])}) }
    elsif ($kind eq 'binary') { $socket->send({binary => pack 'H*', $given[0]}) }
    elsif ($kind eq 'hear')   { $wanted = $given[0] }
    elsif ($kind eq 'close')  { return $socket->finish(@given) }
    else                      { return }
  }
}

my $agent = Mojo::UserAgent->new(inactivity_timeout => 0);
$agent->max_response_size(0);
$agent->websocket(
  $url => \%headers => [@protocols] => sub {
    my ($agent, $tx) = @_;
    unless ($tx->is_websocket) {
      say_line(refused => {status => 0 + $tx->res->code});
      exit 0;
    }
    $socket = $tx;
    $tx->max_websocket_size(1048576);
    say_line(open => {protocol => $tx->protocol // ''});
    $tx->on(text   => sub { push @inbox, {text   => Mojo::Util::decode('UTF-8', $_[1])}; go_on() });
    $tx->on(binary => sub { push @inbox, {binary => unpack 'H*', $_[1]};                 go_on() });
    # It comes before the close frame is written, so the program ends with the connection.
    my $stream = Mojo::IOLoop->stream($tx->connection);
    $tx->once(
      finish => sub {
        say_line(closed => {code => 0 + ($_[1] // 1006), reason => $_[2] // ''});
        $stream->on(close => sub { exit 0 });
        Mojo::IOLoop->timer(5 => sub { exit 0 });
      }
    );
    go_on();
  }
);
Mojo::IOLoop->start;
