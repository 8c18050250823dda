// The reply box. Files come by the button, by drop anywhere on the thread, or by paste; they are shown with their sizes,
// and each can be left out again. What is written is kept as a draft by htmx (templates/tickets/_composer.html).
const input = () => document.querySelector("#composer [type=file]");
const chosen = new WeakMap(); // input -> the files that it held last
const units = [["MB", 2 ** 20], ["KB", 2 ** 10], ["bytes", 1]]; // as messages say them

function size(bytes) {
  const [unit, of] = units.find(([, least]) => bytes >= least) ?? units.at(-1);
  return `${(bytes / of).toFixed(bytes < of * 10 && of > 1 ? 1 : 0)} ${unit}`;
}

function put(field, files) {
  const held = new DataTransfer();
  files.forEach((file) => held.items.add(file));
  field.files = held.files;
  show(field);
}

function show(field) {
  const files = [...field.files];
  chosen.set(field, files);
  field.classList.add("none"); // the list says more than the browser does
  const list = document.getElementById("picked");
  list.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map((file) => {
      const item = document.getElementById("picked-file").content.firstElementChild.cloneNode(true);
      item.querySelector("[data-name]").textContent = file.name;
      item.querySelector("[data-size]").textContent = size(file.size);
      const button = item.querySelector("button");
      button.setAttribute("aria-label", button.getAttribute("aria-label").replace("{name}", () => file.name));
      return item;
    }),
  );
}

const same = (one, other) => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

function add(files) {
  const field = input();
  const held = [...(chosen.get(field) ?? [])];
  const refused = [];
  for (const file of files) {
    if (held.some((one) => same(one, file))) continue;
    const total = held.reduce((sum, one) => sum + one.size, file.size);
    (file.size && total <= Number(field.dataset.most) ? held : refused).push(file);
  }
  put(field, held);
  const told = document.getElementById("picked-refused");
  told.hidden = refused.length === 0;
  told.querySelector("[data-names]").textContent = refused.map((file) => `${file.name} (${size(file.size)})`).join(", ");
}

document.addEventListener("change", (event) => event.target === input() && add([...event.target.files]));
document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-leave-out]")?.closest("li");
  if (!item) return;
  const field = input();
  const at = [...item.parentElement.children].indexOf(item);
  put(field, chosen.get(field).filter((_, place) => place !== at));
  document.getElementById("picked-refused").hidden = true;
  (document.querySelectorAll("[data-leave-out]")[at] ?? field).focus();
});

const brings = (event) => event.dataTransfer?.types.includes("Files");
const mark = (on) => document.getElementById("composer")?.classList.toggle("dropping", Boolean(on));
document.addEventListener("dragover", (event) => {
  if (!brings(event)) return;
  event.preventDefault(); // a file that misses its place doesn't replace the page
  const place = event.target.closest("#thread");
  event.dataTransfer.dropEffect = place ? "copy" : "none";
  mark(place);
});
document.addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
document.addEventListener("drop", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  mark(false);
  if (event.target.closest("#thread")) add(event.dataTransfer.files);
});

// A picture from the clipboard has no name of its own; where there is text as well, as from a word processor, it is that.
document.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  if (!event.target.closest("#composer") || !files.length || types.includes("text/plain")) return;
  event.preventDefault();
  const pasted = document.getElementById("picked").dataset.sayPasted;
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
  add([...files].map((file) => (file.name === "image.png" ? new File([file], `${pasted.replace("{time}", time)}.png`, { type: file.type }) : file)));
});

// Drafts: said when one couldn't be kept, and what was typed last is sent along when the page is left.
const unsaved = new WeakSet(); // forms
const drafting = (event) => event.detail.elt?.matches?.("[data-draft]");
for (const name of ["input", "change"])
  document.addEventListener(name, ({ target }) => target.form?.id === "composer" && unsaved.add(target.form));
document.addEventListener("htmx:beforeRequest", (event) => drafting(event) && unsaved.delete(event.detail.elt.closest("form")));
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, failed } = event.detail;
  if (!failed || !drafting(event) || !elt.isConnected) return;
  unsaved.add(elt.closest("form"));
  elt.querySelector("[data-unsaved]").hidden = false;
});
document.addEventListener("htmx:beforeOnLoad", (event) => drafting(event) && event.detail.xhr.status === 401 && event.preventDefault());
addEventListener("pagehide", () => {
  const form = document.getElementById("composer");
  if (!unsaved.has(form)) return;
  const texts = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  navigator.sendBeacon(form.querySelector("[data-draft]").getAttribute("hx-post"), new URLSearchParams(texts));
});
document.addEventListener("htmx:load", ({ target }) => {
  const field = target.querySelector?.("#composer [type=file], [type=file]");
  if (field && field === input()) show(field);
  if (target.id === "composer" && document.activeElement === document.body) target.querySelector("[name=body]").focus();
});
if (input()) show(input());
