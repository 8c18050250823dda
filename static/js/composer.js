// The reply box: says which files are chosen only when some are. Without JavaScript the browser says it always.
const mark = (input) => input.classList.toggle("none", input.files.length === 0);
const files = (root) => root.querySelectorAll(".attach [type=file]").forEach(mark);

document.addEventListener("change", (event) => event.target.matches(".attach [type=file]") && mark(event.target));
document.addEventListener("htmx:load", (event) => files(event.target));
files(document);
