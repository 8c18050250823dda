// Where not all tabs fit, the one that one is at is in sight.
function reveal(root) {
  for (const tab of root.querySelectorAll(".tabs > [aria-current]")) {
    const bar = tab.parentElement;
    const [seen, all] = [tab.getBoundingClientRect(), bar.getBoundingClientRect()];
    bar.scrollLeft += seen.left + seen.width / 2 - all.left - all.width / 2;
  }
}
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target.parentElement ?? document));
