// Dialogs and popovers that the server renders open; a dialog that came by htmx leaves the page when it closes.
function openMarked(root) {
  root.querySelectorAll("dialog[data-open]:not(:modal)").forEach((dialog) => {
    dialog.open = false; // it is open without JavaScript; modal with it
    dialog.showModal();
  });
  root.querySelectorAll("[popover][data-open]").forEach((popover) => popover.showPopover());
}
openMarked(document);
document.addEventListener("htmx:load", (event) => openMarked(event.target.parentElement ?? document));

const host = () => document.getElementById("dialog");
// Where the focus was when a dialog was asked for; the browser itself would go back to a field within that dialog.
let opener = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target === host() && !host().childElementCount) opener = document.activeElement;
});
// A button that is off while its request runs loses the focus, and gets it back when the request failed.
const pressed = new WeakMap();
document.addEventListener("htmx:beforeRequest", ({ detail: { xhr } }) => pressed.set(xhr, document.activeElement));
document.addEventListener("htmx:afterRequest", ({ detail: { xhr, successful } }) => {
  if (!successful && document.activeElement === document.body) pressed.get(xhr)?.focus();
});
// A dialog that is a page of its own leads back when it closes.
document.addEventListener(
  "close",
  (event) => {
    if (!event.target.matches("#dialog dialog")) return;
    if (host().matches("[data-page]")) location.assign(event.target.querySelector("[data-close]").href);
    else {
      host().replaceChildren();
      opener?.focus();
    }
  },
  true,
);
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-close]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
// What was chosen in a menu may be a download, after which the page stays.
document.addEventListener("submit", ({ submitter }) => submitter?.closest(".menu[popover]:popover-open")?.hidePopover());
// HX-Trigger "dialog-close": what was asked for is done.
document.addEventListener("dialog-close", () => host()?.querySelector("dialog")?.close());

// The first wrong field takes the focus: of a page, and of what htmx brought. The styleguide's are samples.
document.querySelector("main:not([data-samples]) [aria-invalid=true]")?.focus();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status === 422) event.target.querySelector("[aria-invalid=true]")?.focus();
});

// Browsers without invoker commands
if (!("commandForElement" in HTMLButtonElement.prototype))
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog) button.getAttribute("command") === "show-modal" ? dialog.showModal() : dialog.close();
  });
