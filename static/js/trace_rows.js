// The rows of a trace, made from the templates of the page: an event, and a model that speaks.
export function makeRow(region, event) {
  const item = clone(region, "[data-row]");
  if (event.tone) item.classList.add(event.tone);
  if (event.error) item.classList.add("error");
  item.querySelector("[data-error]").hidden = !event.error;
  item.dataset.index = event.index;
  setTime(item.querySelector("time"), event.at);
  const use = item.querySelector(":scope > .icon use");
  use.setAttribute("href", `${use.getAttribute("href")}#${event.icon}`);
  item.querySelector("b").textContent = event.who;
  item.querySelector("[data-words]").textContent = event.words;
  link(item.querySelector("[data-proposal]"), region.dataset.proposals, event.proposal);
  link(item.querySelector("[data-run]"), region.dataset.runs, event.run);
  const index = item.querySelector(".index");
  index.href = `${region.dataset.events}${event.index}/`;
  index.textContent = `#${event.index}`;
  index.setAttribute("aria-label", `Event ${event.index} in the log`);
  if (event.call) showCall(item, event);
  return item;
}

function showCall(item, { call, subject }) {
  item.dataset.call = subject.id;
  item.querySelector("[data-figures]").hidden = false;
  item.querySelector("[data-time]").textContent = call.time;
  item.querySelector("[data-money]").textContent = call.money + (call.estimated ? " (estimated)" : "");
  item.querySelector("[data-tokens]").textContent = `${call.tokens_in} in, ${call.tokens_out} out`;
  item.querySelector("[data-ms]").dataset.ms = call.ms;
  item.querySelector("[data-cost]").dataset.cost = call.cost;
}

// The bars of all calls are as long as their part of the longest, and of the dearest.
export function scaleBars(region) {
  for (const name of ["ms", "cost"]) {
    const bars = [...region.querySelectorAll(`.event [data-${name}]`)];
    const most = Math.max(...bars.map((bar) => Number(bar.dataset[name])));
    for (const bar of bars) {
      const part = Number(bar.dataset[name]);
      bar.setAttribute("width", part && most ? Math.max(1, Math.round((part / most) * 100)) : 0);
    }
  }
}

export function makeSpeech(region, call) {
  const item = clone(region, "[data-speech]");
  item.dataset.speaking = call;
  setTime(item.querySelector("time"), new Date().toISOString());
  return item;
}

// The finished call takes the place of who spoke, and is as high: what was said stays under it
// until somebody else speaks.
export function keepSpeech(speaking, row) {
  const speech = speaking.querySelector(".speech");
  if (speech.querySelector("pre").textContent) {
    speech.querySelector("summary").textContent = "What it said";
    row.querySelector(".told").append(speech);
  }
  speaking.replaceWith(row);
}

// Fold what was said last, unless somebody is reading it.
export function foldSpeech(region) {
  for (const speech of region.querySelectorAll(".event[data-call] .speech[data-latest]")) {
    speech.removeAttribute("data-latest");
    if (!speech.contains(document.activeElement)) speech.open = false;
  }
}

function clone(region, name) {
  return region.querySelector(`template${name}`).content.firstElementChild.cloneNode(true);
}

function setTime(time, moment) {
  time.dateTime = moment;
  time.title = moment;
  time.textContent = new Date(moment).toISOString().slice(11, 19);
}

function link(anchor, place, id) {
  if (!anchor || !id) return;
  anchor.href = `${place}${id}/`;
  anchor.hidden = false;
}
