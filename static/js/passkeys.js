// What goes wrong with a passkey is said on the page; allauth's own script only logs it.
const WORDS = {
  NotAllowedError: "The key was not used: it was cancelled, took too long, or is not for this site.",
  SecurityError: "Passkeys work only where the address is a name, such as http://localhost.",
  InvalidStateError: "This key has been added already.",
};

document.addEventListener("allauth.error", (event) => {
  const line = document.getElementById("key-problem");
  if (!line) return;
  event.preventDefault();
  line.textContent =
    WORDS[event.detail.exception?.name] ?? "The key could not be used. Try again, or sign in with the password.";
  line.hidden = false;
});
