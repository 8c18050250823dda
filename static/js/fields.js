// Editing in place: forms [data-inline] of contacts/_field.html. Enter or leaving saves, Escape restores; a list saves
// when one chooses, a switch at once.
const entered = (form) => new URLSearchParams(new FormData(form)).toString();
const opened = new WeakMap(); // form -> what it held when it came

function restore(form) {
  form.dataset.sent = "";
  htmx.ajax("GET", form.getAttribute("action"), { target: form, swap: "outerHTML" });
}

function leave(form) {
  if (!form.isConnected || "sent" in form.dataset || form.contains(document.activeElement)) return;
  if (form.dataset.inline === "conflict" || !form.matches(".editing")) return; // the choice is theirs
  if (opened.has(form) && entered(form) !== opened.get(form)) form.requestSubmit();
  else if (form.dataset.inline === "editing") restore(form);
}

document.addEventListener("focusout", (event) => {
  const form = event.target.closest("form[data-inline]");
  if (form && document.hasFocus()) setTimeout(leave, 0, form); // focus may only move on inside
});

document.addEventListener(
  "keydown",
  (event) => {
    const form = event.target.closest?.("form[data-inline]");
    if (!form) return;
    if (event.key === "Escape" && form.matches(".editing")) {
      event.preventDefault();
      event.stopPropagation();
      restore(form);
    } else if (event.key === "Enter" && event.target.matches("[name=value]:not([type=checkbox])")) {
      event.preventDefault(); // a date or a list wouldn't send the form by itself
      form.requestSubmit();
    } else if (event.target.matches("select")) {
      form.dataset.keyed = ""; // arrows walk through the options: Enter or leaving saves
    }
  },
  true, // before the list of a <ui-select> takes its Escape
);

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-inline]");
  if (!form) return;
  const chosen = event.target.matches("select:not([multiple])") && !("keyed" in form.dataset);
  if (chosen || event.target.matches("[type=checkbox]")) form.requestSubmit();
});

document.addEventListener("submit", (event) => event.target.matches("form[data-inline]") && (event.target.dataset.sent = ""), true);
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.failed) delete event.target.closest?.("form[data-inline]")?.dataset.sent;
});

document.addEventListener("htmx:load", (event) => {
  const line = event.target;
  if (!line.matches?.(".prop")) return;
  if (line.matches(".editing")) {
    opened.set(line, entered(line));
    const control = line.querySelector("[name=value]");
    control.select?.();
    const asked = line.dataset.inline === "editing" && navigator.userActivation?.isActive;
    if (asked && control.matches("select:not(.tomselected)")) control.showPicker?.();
  } else if (document.activeElement === document.body) {
    line.querySelector("button,[type=checkbox],[role=alert]")?.focus();
  }
  const saved = line.querySelector(".state");
  if (saved) setTimeout(() => saved.remove(), 4000);
});
