// The client loop on the WebSocket of Node 22 and later (and of Deno, Bun and browsers), or of undici: wsspec client --exec 'node undici.mjs {url}'
const WebSocket = globalThis.WebSocket ?? (await import('undici')).WebSocket;

const [url, agent = 'undici'] = process.argv.slice(2);

// Opens a path, sends each message back if told to, and gives the last one when the connection has ended.
const open = (path, echo) => new Promise((done) => {
  const socket = new WebSocket(url + path);
  socket.binaryType = 'arraybuffer';
  let said;
  socket.onmessage = ({ data }) => (echo ? socket.send(data) : (said = data));
  socket.onclose = () => done(said);
  // Of some failures it tells nothing.
  if (echo) setTimeout(done, 20000);
});

const count = Number(await open('/getCaseCount'));
let next = 1;
const worker = async () => {
  while (next <= count) await open(`/runCase?case=${next++}&agent=${agent}`, true);
};
// Many at a time, since they wait together.
await Promise.all(Array.from({ length: 64 }, worker));
await open(`/updateReports?agent=${agent}`);
process.exit();
