// What htmx may not swap in is said in a toast; nothing typed is lost, because nothing is replaced.
const toast = document.getElementById("toast");

let about = null; // the part of the page that could not be had

function say(text, { target }) {
  about = target?.id;
  toast.querySelector("[data-text]").textContent = text;
  toast.hidden = false;
}

// Only parts made for swapping are swapped: an error page of somebody else stays out of the panel.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { status } = detail.xhr;
  if (status < 400 || detail.xhr.getResponseHeader("X-Part")) return;
  detail.shouldSwap = false;
  detail.isError = true;
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  const { status } = detail.xhr;
  if (status === 403) say("The page is too old to send this. Copy what you typed, then reload.", detail);
  else if (status === 404) say("This is no longer here.", detail);
  else say(`The server could not answer (${status}). Nothing was lost; try again in a moment.`, detail);
});
document.addEventListener("htmx:sendError", ({ detail }) => {
  say("The server cannot be reached. Nothing was lost; try again in a moment.", detail);
});
document.addEventListener("htmx:timeout", ({ detail }) => {
  say("The server takes too long. Look at the proposal again before you repeat this.", detail);
});
// What comes by itself, such as a count, does not take away what was said of something else.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.target?.id === about) toast.hidden = true;
});
toast?.querySelector("[data-close]").addEventListener("click", () => {
  toast.hidden = true;
});

// htmx rejects its own promise, without a reason, when leaving the page cuts a request off.
addEventListener("unhandledrejection", (event) => {
  if (event.reason === undefined) event.preventDefault();
});
