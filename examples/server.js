// A WebSocket echo server (RFC 6455) in plain Node.js, without packages: something to point wsspec at.
//
//   node examples/server.js [PORT]
'use strict';
const { createHash } = require('node:crypto');
const { createServer } = require('node:http');

const MOST = 64 << 20; // octets of a message
const CONT = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** Why a connection fails: a close code, and a reason for who reads the Close frame. */
class Failure extends Error {
  constructor(code, reason) {
    super(reason);
    this.code = code;
  }
}

/** One frame of a server: whole, without a mask, the length in its shortest form. */
function frame(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 1 << 16 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) {
    head[1] = length;
  } else if (length < 1 << 16) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** RFC 6455, section 5.2. Asks for octets with `yield N`, and tells each frame to `take`. */
function* frames(take) {
  for (;;) {
    const [first, second] = yield 2;
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    if (first & 0x70) throw new Failure(1002, 'a reserved bit is set');
    if (![CONT, TEXT, BINARY, CLOSE, PING, PONG].includes(opcode)) throw new Failure(1002, 'a reserved opcode');
    if (!(second & 0x80)) throw new Failure(1002, 'a frame of a client has no mask');
    let length = second & 0x7f;
    if (opcode >= CLOSE && !fin) throw new Failure(1002, 'a control frame in fragments');
    if (opcode >= CLOSE && length > 125) throw new Failure(1002, 'a control frame of more than 125 octets');
    if (length === 126) {
      length = (yield 2).readUInt16BE();
      if (length < 126) throw new Failure(1002, 'a length that is not in its shortest form');
    } else if (length === 127) {
      const long = (yield 8).readBigUInt64BE();
      if (long >> 63n || long < 1n << 16n) throw new Failure(1002, 'a length that is not in its shortest form');
      if (long > MOST) throw new Failure(1009, 'a frame that is too long');
      length = Number(long);
    }
    const key = yield 4;
    const payload = yield length;
    for (let at = 0; at < length; at += 1) payload[at] ^= key[at & 3];
    take(opcode, fin, payload);
  }
}

/** What a Close frame is answered with: the code that came. */
function answer(payload) {
  if (payload.length === 0) return payload;
  if (payload.length === 1) throw new Failure(1002, 'a close code of one octet');
  const code = payload.readUInt16BE();
  const may = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!may) throw new Failure(1002, 'a close code that is never sent');
  utf8(payload.subarray(2));
  return payload.subarray(0, 2);
}

function utf8(octets) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new Failure(1007, 'a text that is no UTF-8');
  }
}

/** Echoes what comes on an open connection. */
function echo(socket) {
  let opcode = null; // of the message that is not whole yet
  let [parts, size] = [[], 0];
  let ended = false;
  const end = (payload) => {
    ended = true;
    socket.end(frame(CLOSE, payload));
  };
  const take = (kind, fin, payload) => {
    if (kind === PING) return void socket.write(frame(PONG, payload));
    if (kind === PONG) return;
    if (kind === CLOSE) return end(answer(payload));
    if (kind === CONT && opcode === null) throw new Failure(1002, 'a continuation of nothing');
    if (kind !== CONT && opcode !== null) throw new Failure(1002, 'a message inside another');
    if (kind !== CONT) opcode = kind;
    parts.push(payload);
    size += payload.length;
    if (size > MOST) throw new Failure(1009, 'a message that is too long');
    if (!fin) return;
    const message = Buffer.concat(parts);
    if (opcode === TEXT) utf8(message);
    socket.write(frame(opcode, message));
    [opcode, parts, size] = [null, [], 0];
  };

  const reader = frames(take);
  let wanted = reader.next().value;
  let [waiting, octets] = [[], 0];
  return (chunk) => {
    waiting.push(chunk);
    octets += chunk.length;
    try {
      while (!ended && octets >= wanted) {
        const all = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
        const next = all.subarray(wanted);
        [waiting, octets] = [[next], next.length];
        wanted = reader.next(all.subarray(0, wanted)).value;
      }
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const code = Buffer.alloc(2);
      code.writeUInt16BE(failure.code);
      end(Buffer.concat([code, Buffer.from(failure.message)]));
    }
  };
}

/** RFC 6455, section 4.2.1. Gives the status that refuses a request, or null. */
function refusal({ method, url, httpVersion, headers, rawHeaders }) {
  const tokens = (value = '') => value.toLowerCase().split(',').map((token) => token.trim());
  const values = (name) => rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === name);
  const [hosts, keys] = [values('host'), values('sec-websocket-key')];
  if (method !== 'GET' || httpVersion !== '1.1') return '400 Bad Request';
  if (hosts.length !== 1 || !/^([\w.~%!$&'()*+,;=-]*|\[[\da-f:.]+\])(:\d*)?$/i.test(hosts[0])) return '400 Bad Request';
  if (!/^(\/|https?:\/\/)[^#]*$/i.test(url)) return '400 Bad Request';
  // What stood behind the request would be taken for frames.
  if ('transfer-encoding' in headers || Number(headers['content-length'] ?? 0) !== 0) return '400 Bad Request';
  if (!tokens(headers.upgrade).includes('websocket') || !tokens(headers.connection).includes('upgrade')) return '400 Bad Request';
  if (headers['sec-websocket-version'] !== '13') return '426 Upgrade Required';
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(keys[0])) return '400 Bad Request';
  return null;
}

const server = createServer((request, response) => {
  response.writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' });
  response.end();
});

server.on('upgrade', (request, socket, head) => {
  // Whoever goes without a word has a right to.
  socket.on('error', () => socket.destroy());
  const status = refusal(request);
  if (status !== null) {
    socket.end(`HTTP/1.1 ${status}\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  const key = request.headers['sec-websocket-key'];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.setNoDelay(true);
  const read = echo(socket);
  read(head);
  socket.on('data', read);
});

server.listen(Number(process.argv[2] ?? 9001), '127.0.0.1', () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});
