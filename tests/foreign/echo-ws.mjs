// An echo server on ws, as its README writes one, with compression. Prints its URL when it listens. Run it where ws is installed.
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(`${process.cwd()}/`)('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
server.on('connection', (socket) => {
  // A connection that failed is told here; without a listener the process would end.
  socket.on('error', () => {});
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));
