// The live trace: one socket per page that resumes by number. Each event becomes a DOM event
// `HAPPENED` on the document, the words of a model `TOKENS`; what is shown is up to the
// modules that listen.
import { CONNECTION, HAPPENED, send, TOKENS } from "./events.js";
import ReconnectingWebSocket from "./vendor/reconnecting-websocket.js";

const SIGN_IN = 4401;
const NOT_YOURS = 4403;
const SOON = 300; // ms until the first attempt to come back, and as much again by chance
const LATE = 5000; // ms between attempts in the end, and as much again by chance

export function connect() {
  const { trace: path, after } = document.body.dataset;
  if (!path) return;
  let last = Number(after) || 0;

  const address = () => {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("after", String(last));
    return url.href;
  };
  // By chance, so that two hundred pages do not come back at one moment when the server does
  const socket = new ReconnectingWebSocket(address, [], {
    minReconnectionDelay: SOON * (1 + Math.random()),
    maxReconnectionDelay: LATE * (1 + Math.random()),
    reconnectionDelayGrowFactor: 1.6,
    minUptime: 2000,
    connectionTimeout: 5000,
    shouldReconnectOnClose: (event) => ![SIGN_IN, NOT_YOURS].includes(event.code),
  });
  socket.addEventListener("open", () => say("live"));
  socket.addEventListener("close", (event) => {
    say("retrying");
    // Nobody comes back from these: the page says what is the matter
    if ([SIGN_IN, NOT_YOURS].includes(event.code)) location.reload();
  });
  socket.addEventListener("message", (message) => {
    const came = JSON.parse(message.data);
    if (came.tokens) {
      send(TOKENS, came.tokens);
      return;
    }
    for (const event of came) {
      if (event.index <= last) continue;
      last = event.index;
      document.body.dataset.after = String(last);
      send(HAPPENED, event);
    }
  });
}

function say(state) {
  send(CONNECTION, state);
}

// A moment without connection is nobody's business; a longer one is said.
let telling = 0;
document.addEventListener(CONNECTION, ({ detail: state }) => {
  clearTimeout(telling);
  const note = document.getElementById("offline");
  if (!note) return;
  if (state === "live") note.hidden = true;
  else
    telling = setTimeout(() => {
      note.hidden = false;
    }, 2500);
});
