// Pages with a trace: new rows on top, a pause button, never more rows than a page can bear.
const MOST = 500;
const box = document.querySelector("[data-stream]");
const live = document.querySelector("[data-live]");
const pause = document.querySelector("[data-pause]");

if (box) {
  const list = box.querySelector("ol");
  const template = box.querySelector("template");
  const held = [];
  let paused = false;

  const add = (event) => {
    box.querySelector("[data-quiet]").hidden = true;
    list.prepend(row(template, event));
    while (list.children.length > MOST) list.lastElementChild.remove();
  };
  document.addEventListener("aios:event", ({ detail: event }) => {
    if (paused) held.push(event);
    else add(event);
    label();
    if (event.run && event.run === document.getElementById("run")?.dataset.run) {
      document.body.dispatchEvent(new CustomEvent("aios:run"));
    }
  });
  pause?.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) held.splice(0).forEach(add);
    label();
  });

  function label() {
    if (!pause) return;
    const text = paused ? `Resume${held.length ? ` (${held.length} new)` : ""}` : "Pause";
    pause.querySelector("[data-text]").textContent = text;
  }
}

document.addEventListener("aios:live", ({ detail: state }) => {
  if (!live) return;
  live.dataset.state = state;
  live.textContent = state === "live" ? "Live" : "Reconnecting";
});

function row(template, event) {
  const item = template.content.firstElementChild.cloneNode(true);
  const at = new Date(event.at);
  if (event.tone) item.classList.add(event.tone);
  item.classList.add("fresh");
  item.dataset.index = event.index;
  const time = item.querySelector("time");
  time.dateTime = event.at;
  time.title = event.at;
  time.textContent = at.toISOString().slice(11, 19);
  const use = item.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href")}#${event.icon}`);
  item.querySelector("b").textContent = event.who;
  item.querySelector("[data-words]").textContent = event.words;
  const place = item.querySelector(".index");
  place.textContent = `#${event.index}`;
  if (event.run) place.href = `${box.dataset.runs}${event.run}/`;
  return item;
}
