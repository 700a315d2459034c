# The client loop on Mojolicious (cpanm Mojolicious): wsspec client --exec 'perl client.pl {url}'
use Mojo::Base -strict, -signatures;
use Mojo::Promise;
use Mojo::UserAgent;

my ($url, $agent) = ($ARGV[0], 'mojolicious');
# A connection for each case, and no timer that is shorter than those of the suite.
my $client = Mojo::UserAgent->new(max_connections => 0, inactivity_timeout => 60);

# Opens a path, sends each message back if told to, and gives the last one when the connection has ended.
sub open_path ($path, $echo) {
  my ($done, $said) = (Mojo::Promise->new, '');
  $client->websocket($url . $path => sub ($client, $socket) {
    # Some cases refuse the handshake, and some break the connection: that is what they are about.
    return $done->resolve($said) unless $socket->is_websocket;
    $socket->max_websocket_size(64 << 20);
    $socket->on(text   => sub ($socket, $data) { $said = $data; $socket->send({text => $data}) if $echo });
    $socket->on(binary => sub ($socket, $data) { $socket->send({binary => $data}) if $echo });
    $socket->on(finish => sub { $done->resolve($said) });
  });
  return $done;
}

my ($count, $next) = (0, 1);
open_path('/getCaseCount', 0)->then(sub ($said) { $count = $said })->wait;
my $work;
$work = sub {
  my $number = $next++;
  return Mojo::Promise->resolve if $number > $count;
  return open_path("/runCase?case=$number&agent=$agent", 1)->then($work);
};
Mojo::Promise->all(map { $work->() } 1 .. 16)->wait;
open_path("/updateReports?agent=$agent", 0)->wait;
