// The client loop on ws: npm install ws; wsspec client --exec 'node ws.mjs {url}'
import WebSocket from 'ws';

const [url, agent = 'ws'] = process.argv.slice(2);

// Opens a path, sends each message back if told to, and gives the last one when the connection has ended.
const open = (path, echo) => new Promise((done) => {
  const socket = new WebSocket(url + path);
  let said;
  socket.on('message', (data, binary) => (echo ? socket.send(data, { binary }) : (said = String(data))));
  socket.on('error', () => {});
  socket.on('close', () => done(said));
});

const count = Number(await open('/getCaseCount'));
let next = 1;
const worker = async () => {
  while (next <= count) await open(`/runCase?case=${next++}&agent=${agent}`, true);
};
await Promise.all(Array.from({ length: 16 }, worker));
await open(`/updateReports?agent=${agent}`);
