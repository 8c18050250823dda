// The reply box. Files come by the button, by drop anywhere on the thread, or by paste. Each is sent to the draft at once,
// shown with its size and a way to leave it out again; a reply waits for those on their way. What is written is kept by htmx
// (templates/tickets/_composer.html).
const input = () => document.querySelector("#composer [type=file]");
const list = () => document.getElementById("picked");
const underWay = () => list()?.querySelectorAll("[data-sending]") ?? [];
const chosen = new WeakMap(); // the item of a file on its way -> the file
const units = [["MB", 2 ** 20], ["KB", 2 ** 10], ["bytes", 1]]; // as messages say them
let reply = null; // sends it, once its files are there

function size(bytes) {
  const [unit, of] = units.find(([, least]) => bytes >= least) ?? units.at(-1);
  return `${(bytes / of).toFixed(bytes < of * 10 && of > 1 ? 1 : 0)} ${unit}`;
}

function add(files) {
  const refused = [];
  for (const file of files) {
    const total = [...list().children].reduce((sum, item) => sum + Number(item.dataset.size ?? 0), file.size);
    if (!file.size || total > Number(input().dataset.most)) refused.push(file);
    else send(shown(file));
  }
  const told = document.getElementById("picked-refused");
  told.hidden = refused.length === 0;
  told.querySelector("[data-names]").textContent = refused.map((file) => `${file.name} (${size(file.size)})`).join(", ");
}

function shown(file) {
  const item = document.getElementById("picked-file").content.firstElementChild.cloneNode(true);
  item.dataset.size = file.size;
  item.querySelector("[data-name]").textContent = file.name;
  item.querySelector("[data-size-said]").textContent = size(file.size);
  for (const named of item.querySelectorAll("[aria-label]"))
    named.setAttribute("aria-label", named.getAttribute("aria-label").replace("{name}", () => file.name));
  chosen.set(item, file);
  list().append(item);
  return item;
}

function send(item) {
  stand(item, true);
  const values = { file: chosen.get(item) };
  htmx.ajax("POST", list().dataset.keep, { source: item, target: item, swap: "outerHTML", values }).catch(() => {}); // events say it
}

function stand(item, sending) {
  item.toggleAttribute("data-sending", sending);
  item.querySelector("progress").hidden = !sending;
  for (const other of item.querySelectorAll("[data-failed],[data-again]")) other.hidden = sending;
}

// One is there, or isn't: the draft has changed, and a reply that waits is sent once all are there.
function arrived(item, { successful, xhr }) {
  if (!successful) stand(item, false);
  else if (xhr.status !== 422) {
    document.getElementById("picked-told").textContent = list().dataset.sayAdded.replace("{name}", () => chosen.get(item).name);
    changed();
  }
  goOn();
}

function goOn() {
  if (!reply || underWay().length) return;
  const send = reply;
  reply = null;
  document.querySelector("#composer .primary").disabled = false;
  if (!list().querySelector("[data-refused],[data-failed]:not([hidden])")) send(true);
}

const changed = () => list().dispatchEvent(new Event("change", { bubbles: true }));

document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.elt.id !== "composer" || !underWay().length) return;
  event.preventDefault();
  reply = event.detail.issueRequest;
  event.detail.elt.querySelector(".primary").disabled = true;
});
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  if (chosen.has(target) && detail.lengthComputable) target.querySelector("progress").value = detail.loaded / detail.total;
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const asked = detail.requestConfig.elt; // which may be out of the page by now
  if (chosen.has(asked)) arrived(asked, detail);
  else if (detail.successful && asked.matches("[data-leave-out]")) changed();
});
addEventListener("beforeunload", (event) => underWay().length && event.preventDefault());

document.addEventListener("change", (event) => {
  if (event.target !== input()) return;
  add([...event.target.files]);
  event.target.value = ""; // they go by themselves
});
document.addEventListener("click", ({ target }) => {
  const item = target.closest("#picked > li");
  if (target.closest("[data-again]")) send(item);
  const button = target.closest("[data-leave-out]");
  if (!button) return;
  const at = [...list().children].indexOf(item);
  document.getElementById("picked-refused").hidden = true;
  const others = [...document.querySelectorAll("[data-leave-out]")].filter((one) => one !== button);
  (others[Math.min(at, others.length - 1)] ?? input()).focus();
  if (button.hasAttribute("hx-post")) return; // htmx takes it out of the draft, and then away
  chosen.delete(item);
  htmx.trigger(item, "htmx:abort");
  item.remove();
  goOn();
});
document.addEventListener("draft-changed", () => underWay().forEach((item) => htmx.trigger(item, "htmx:abort")));

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
// Who was signed out keeps what is on the screen.
const keeping = (event) => drafting(event) || chosen.has(event.detail.elt);
document.addEventListener("htmx:beforeOnLoad", (event) => keeping(event) && event.detail.xhr.status === 401 && event.preventDefault());
addEventListener("pagehide", () => {
  const form = document.getElementById("composer");
  if (!unsaved.has(form)) return;
  const texts = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  navigator.sendBeacon(form.querySelector("[data-draft]").getAttribute("hx-post"), new URLSearchParams(texts));
});
document.addEventListener("htmx:load", ({ target }) => {
  if (target.id === "composer" || target.querySelector?.("#composer")) input()?.classList.add("none"); // the list says it
  if (target.id === "composer" && document.activeElement === document.body) target.querySelector("[name=body]").focus();
});
input()?.classList.add("none");
