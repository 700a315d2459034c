// The client loop on the WebSocket of dart:io: wsspec client --exec 'dart run client.dart {url}'
import 'dart:io';

/// Opens a URL, sends each message back if told to, and gives the last one when the connection has ended.
Future<String> open(String url, bool echo) async {
  var said = '';
  try {
    final socket = await WebSocket.connect(url);
    await for (final message in socket) {
      echo ? socket.add(message) : said = message as String;
    }
  } on Exception {
    // Some cases refuse the handshake, and some break the connection: that is what they are about.
  }
  return said;
}

Future<void> main(List<String> words) async {
  final (url, agent) = (words[0], 'dart');
  final count = int.parse(await open('$url/getCaseCount', false));
  for (var number = 1; number <= count; number++) {
    await open('$url/runCase?case=$number&agent=$agent', true);
  }
  await open('$url/updateReports?agent=$agent', false);
}
