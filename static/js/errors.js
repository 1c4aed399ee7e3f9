// What htmx may not swap in is said in a toast; nothing typed is lost, because nothing is replaced.
const toast = document.getElementById("toast");

function say(text) {
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
  if (status === 403) say("The page is too old to send this. Copy what you typed, then reload.");
  else if (status === 404) say("This is no longer here.");
  else say(`The server could not answer (${status}). Nothing was lost; try again in a moment.`);
});
document.addEventListener("htmx:sendError", () => {
  say("The server cannot be reached. Nothing was lost; try again in a moment.");
});
document.addEventListener("htmx:timeout", () => {
  say("The server takes too long. Look at the proposal again before you repeat this.");
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) toast.hidden = true;
});
toast?.querySelector("[data-close]").addEventListener("click", () => { toast.hidden = true; });

// htmx rejects its own promise, without a reason, when leaving the page cuts a request off.
addEventListener("unhandledrejection", (event) => {
  if (event.reason === undefined) event.preventDefault();
});
