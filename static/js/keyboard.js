// Single keys, off while typing. The list of them is templates/_keys.html.
const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.activeElement?.closest?.("[data-row]");

function move(step) {
  const all = rows();
  if (!all.length) return document.querySelector(step > 0 ? "[data-next]" : "[data-previous]")?.click(); // a row's own page
  const at = all.indexOf(current());
  const row = all[at === -1 ? (step > 0 ? 0 : all.length - 1) : at + step];
  row?.querySelector("a[href]")?.focus();
}

// Into the reply box, for a reply or for a note.
function write(kind) {
  const form = document.getElementById("composer");
  form?.querySelector(`[name=kind][value=${kind}]:enabled`)?.click();
  form?.querySelector("[name=body]").focus();
}

// The contact selector, opened where it is closed.
function pick() {
  const selector = document.querySelector(".who-pick ui-select");
  selector ? selector.focus() : document.querySelector("[data-pick]")?.click();
}

const keys = {
  "/": () => document.querySelector("[type=search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector(".check")?.click(),
  e: () => (current()?.querySelector("[data-edit]") ?? document.querySelector("[data-edit]:not([data-row] *)"))?.click(),
  c: () => document.querySelector("[data-new]")?.click(),
  r: () => write("reply"),
  n: () => write("note"),
  p: pick,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable],dialog[open]");
  if (typing || event.metaKey || event.ctrlKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

let early = "";

// Ctrl-K or ⌘-K opens the command palette, from a field as well; what is written in a dialog stays.
document.addEventListener("keydown", (event) => {
  if (event.key?.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
  const link = document.querySelector("[data-palette-open]");
  if (!link) return;
  event.preventDefault();
  early = "";
  if (!document.querySelector("dialog[open]")) link.click();
});

// What is typed before it has come is meant for it.
document.addEventListener(
  "keydown",
  (event) => {
    const coming = document.querySelector("[data-palette-open].htmx-request");
    if (!coming || event.key?.length !== 1 || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    early += event.key;
  },
  true,
);
document.addEventListener("htmx:load", ({ target }) => {
  if (!early || !target.matches(".palette")) return;
  const box = target.querySelector("[role=combobox]");
  box.value = early;
  early = "";
  box.dispatchEvent(new Event("input"));
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
