// Toasts: HX-Trigger {"toast": {"text": …, "undo": url}}, and what went wrong on the way to the server.
const box = () => document.getElementById("toasts");

// Outside of an open dialog nobody sees a toast, hears of it or reaches it: the newest dialog has its own.
function place() {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (!dialog) return box();
  let own = dialog.querySelector(":scope > .toasts");
  if (!own) {
    own = document.createElement("div");
    own.className = "toasts";
    dialog.append(own);
  }
  return own;
}
document.addEventListener(
  "close",
  ({ target }) => {
    const own = target.querySelector(":scope > .toasts");
    if (!own) return;
    box().append(...own.children);
    own.remove();
  },
  true,
);

// What offers no Undo goes by itself.
const fade = (toast) => toast.querySelector("form").hidden && setTimeout(() => toast.remove(), 6000);

function show(text, { undo, bad } = {}) {
  const at = place();
  if (bad && [...at.querySelectorAll(".bad p")].some((said) => said.textContent === text)) return; // said already
  const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  toast.classList.toggle("bad", Boolean(bad));
  const form = toast.querySelector("form");
  form.hidden = !undo;
  if (undo) {
    form.action = undo;
    form.setAttribute("hx-post", undo);
    form.setAttribute("hx-swap", "none");
    form.addEventListener("htmx:afterRequest", () => toast.remove());
    htmx.process(form);
  }
  if (at !== box()) toast.setAttribute("role", bad ? "alert" : "status"); // a region that is new says nothing of what it has
  at.append(toast);
  if (!bad) fade(toast);
}

box()?.querySelectorAll(".toast").forEach(fade); // those that came with the page
document.addEventListener("toast", (event) => show(event.detail.text, event.detail));
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
// What a page asks by itself says nothing when it fails: it asks again. A file says it where it stands.
const byItself = ({ detail }) => detail.elt?.matches?.("[data-news],[data-draft],[data-sending]");
document.addEventListener("htmx:sendError", (event) => !byItself(event) && show(document.body.dataset.sayUnreachable, { bad: true }));
// What went wrong is over when the next thing goes well.
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && !byItself(event)) document.querySelectorAll(".toasts .bad").forEach((toast) => toast.remove());
});
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (byItself(event)) return;
  if (status === 401) return; // HX-Redirect leads to the log-in
  const { sayForbidden, sayGone, sayFailed } = document.body.dataset;
  const text = status === 403 ? sayForbidden : status === 404 ? sayGone : sayFailed;
  show(text, { bad: true });
});

// What is fired at an element that has left the page meanwhile, since its list was refreshed, nobody would hear.
document.addEventListener("htmx:beforeSend", ({ detail: { elt, xhr } }) =>
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState !== XMLHttpRequest.DONE || elt.isConnected) return;
    const told = xhr.getResponseHeader("HX-Trigger");
    for (const [name, value] of Object.entries(told?.startsWith("{") ? JSON.parse(told) : {}))
      document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: value instanceof Object ? value : { value } }));
  }),
);
