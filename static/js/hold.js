// How long an approval can still be taken back. Counted from what the server said was left, so a
// wrong clock here changes nothing; the server decides when it comes to it.
const ends = new WeakMap();

function tick() {
  for (const held of document.querySelectorAll("[data-hold]")) {
    if (!ends.has(held)) ends.set(held, performance.now() + Number(held.dataset.hold) * 1000);
    if (!Number(held.dataset.hold)) continue;
    const left = Math.ceil((ends.get(held) - performance.now()) / 1000);
    const words = held.querySelector("[data-words]");
    const text = say(left);
    if (words.textContent !== text) words.textContent = text;
  }
}

function say(left) {
  if (left <= 0) return "Being carried out";
  return left >= 120 ? `Carried out in ${Math.floor(left / 60)} min` : `Carried out in ${left} s`;
}

tick();
setInterval(tick, 250);
document.addEventListener("htmx:afterSettle", tick);
