// Uploads: form[data-upload] sends itself once a file is chosen or dropped on it, and shows how far it is.
const form = (element) => element?.closest?.("form[data-upload]");

function choose(input) {
  const { files } = input;
  if (!files.length) return;
  const owner = form(input);
  const problem = owner.querySelector("[role=alert]");
  problem.hidden = files[0].size <= Number(input.dataset.most);
  if (!problem.hidden) {
    problem.querySelector("span").textContent = document.body.dataset.sayTooLarge.replace("{name}", () => files[0].name);
    return;
  }
  owner.querySelector("[data-uploading] b").textContent = files[0].name;
  owner.requestSubmit();
}

document.addEventListener("change", (event) => form(event.target) && event.target.matches("[type=file]") && choose(event.target));

document.addEventListener("dragover", (event) => {
  event.preventDefault(); // a file that misses its place doesn't replace the page
  if (event.target.closest?.(".drop")) event.dataTransfer.dropEffect = "copy";
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const input = event.target.closest?.(".drop")?.querySelector("[type=file]");
  if (!input || !event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  choose(input);
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const box = form(event.target)?.querySelector("[data-uploading]");
  if (!box || !event.detail.lengthComputable) return;
  const share = event.detail.loaded / event.detail.total;
  box.hidden = false;
  box.querySelector("progress").value = share;
  box.querySelector(".num").textContent = share < 1 ? `${Math.floor(100 * share)}%` : document.body.dataset.sayReading;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const box = form(event.target)?.querySelector("[data-uploading]");
  if (box && !event.detail.successful) box.hidden = true;
});
