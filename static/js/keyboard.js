// Single keys, off while typing. The list of them is templates/_keys.html.
const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.activeElement?.closest?.("[data-row]");

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const row = all[at === -1 ? (step > 0 ? 0 : all.length - 1) : at + step];
  row?.querySelector("a[href]")?.focus();
}

const keys = {
  "/": () => document.querySelector("[type=search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector(".check")?.click(),
  e: () => current()?.querySelector("[data-edit]")?.click(),
  c: () => document.querySelector("[data-new]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable],dialog[open]");
  if (typing || event.metaKey || event.ctrlKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// Ctrl-Enter or ⌘-Enter sends the form that one writes in.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
  const form = event.target.closest("form[data-send]");
  if (form) {
    event.preventDefault();
    form.requestSubmit();
  }
});
