// The keys of the person who looks, as the server printed them on the buttons and in the sheet.
const given = JSON.parse(document.getElementById("keymap")?.textContent ?? "{}");
const byKey = new Map(Object.entries(given).map(([name, { key }]) => [key, name]));

export const keyOf = (name) => given[name]?.shown ?? "";
export const wordsOf = (name) => given[name]?.words ?? "";
export const commandOf = (key) => byKey.get(key);
export const allNames = () => Object.keys(given);
