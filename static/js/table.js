// Selection in tables: `.check` boxes named id, one `[data-check-all]`, and the bulk bar `#bulk`.
const boxes = () => [...document.querySelectorAll("[data-row] .check[name=id]")];

function sync() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked).length;
  bar.hidden = chosen === 0;
  const whole = document.querySelector("[data-whole-page]"); // leads on to all that match
  if (whole) {
    whole.hidden = chosen === 0 || chosen < all.length;
    if (whole.hidden) whole.querySelector("[name=all]").checked = false;
  }
  const matching = whole?.querySelector("[name=all]").checked;
  const output = bar.querySelector("output");
  const every = whole?.querySelector("[data-all-chosen]"); // in place of the offer to choose them
  if (every) {
    every.hidden = !matching;
    every.previousElementSibling.hidden = matching;
  }
  const { saySelected, sayAllSelected } = document.body.dataset;
  const said = matching ? sayAllSelected : saySelected;
  if (output) output.textContent = said.replace("{number}", matching ? every.querySelector("[data-total]").textContent : chosen);
  const head = document.querySelector("[data-check-all]");
  if (head) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-check-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
  if (event.target.matches(".check")) sync();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-select-all]")) {
    document.querySelector("[data-whole-page] [name=all]").checked = true;
    sync();
    document.querySelector("[data-all-chosen] button").focus(); // the pressed one is hidden now
  }
  if (event.target.closest("[data-check-page]")) {
    boxes().forEach((box) => (box.checked = true)); // where the table has no head
    sync();
  }
  if (!event.target.closest("[data-clear]")) return;
  boxes().forEach((box) => (box.checked = false));
  sync();
});
// The exact number was asked for in the footer: whatever else names it follows.
document.addEventListener("contacts-counted", ({ detail }) => {
  document.querySelectorAll("[data-total]").forEach((place) => (place.textContent = detail.total));
  sync();
});
document.addEventListener("htmx:afterSettle", sync);
sync();

// The address of a list names what is asked for: neither a filter that is empty nor the page size that lists have anyway.
document.addEventListener("formdata", ({ target, formData }) => {
  if (!target.matches("form[role=search]")) return;
  const usual = target.elements.limit?.options[0].value;
  const asked = [...formData].filter(([name, value]) => value && !(name === "limit" && value === usual));
  for (const name of [...formData.keys()]) formData.delete(name);
  for (const [name, value] of asked) formData.append(name, value);
});
