// Every custom event of the console, with its detail. They go to the document unless said otherwise.

// What happens, as the socket tells it.
export const HAPPENED = "aios:event"; // an event of the log, as apps/console/hub.py words it
export const TOKENS = "aios:tokens"; // what a model says: {call, at, text, done}
export const CONNECTION = "aios:live"; // of the socket: "live" or "retrying"
export const FOLLOWED = "aios:followed"; // an event of the log, once live updates are not paused

// The proposal that is read.
export const LOAD = "aios:load"; // causes a request for a panel: {url, how, wished}
export const SHOWN = "aios:shown"; // it is on the screen: {panel, how}
export const DECIDED = "aios:decided"; // from the server: {proposal, words}
export const ADVANCE = "aios:advance"; // from the server, the next is kept ready here: {address}
export const ANSWERED = "aios:answered"; // a decision; `wish` was opened meanwhile: {wish, isDone}

// The queue.
export const LISTED = "aios:listed"; // the list was drawn anew
export const PICKED = "aios:picked"; // other rows may be chosen than before
export const CLEAR = "aios:clear"; // Escape: who has something to clear prevents the default

// Parts that htmx fetches anew: the first three from the body, the others from the part itself.
export const INBOX = "aios:inbox";
export const SWITCH = "aios:switch";
export const RUN = "aios:run";
export const RECENT = "aios:recent";
export const EXECUTION = "aios:execution";

// False if a listener prevented the default.
export function send(name, detail = null, target = document) {
  return target.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));
}
