// What's new: elements [data-news] ask again every few seconds while the page is seen, each with the tag that it has. The
// answer is 304, or what is new. What one is doing is never taken away: then the list says that there is something new,
// the thread gets its new messages beside those that are there, and its details wait until they are left.
const EVERY = 4500; // ms: what is new is seen within 5 s
const RAIL = 4; // the numbers of the rail are asked for every so many times: it is on every page
const IDLE = 2 * 60 * 1000; // without a key or a click: then threads and numbers are asked for half as often, lists as ever
let timer;
let turn = 0;
let touched = Date.now();

function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(ask, EVERY);
  const idle = Date.now() - touched > IDLE;
  turn += 1;
  for (const element of document.querySelectorAll("[data-news]")) {
    if (element.id === "rail-news" && turn % RAIL) continue;
    element.rest = idle && element.matches("#thread-news,#rail-news") && !element.rest; // every other time
    if (!element.rest) htmx.trigger(element, "news");
  }
}

for (const name of ["pointerdown", "pointermove", "keydown", "scroll"])
  addEventListener(name, () => (touched = Date.now()), { passive: true, capture: true });
document.addEventListener("visibilitychange", () => {
  touched = Date.now();
  if (!document.hidden) reread();
});
addEventListener("pageshow", (event) => event.persisted && reread());
document.addEventListener("htmx:load", ({ target }) => target.matches("#thread") && ask()); // a reply was sent

// What one has read meanwhile in another tab has no tag.
function reread() {
  const list = document.getElementById("threads-news");
  if (list) list.dataset.news = '"0"';
  countAnew();
  turn = -1;
  ask();
}

// The rail's tag says what happened, and nothing of what one has read since.
function countAnew() {
  const rail = document.getElementById("rail-news");
  if (rail) rail.dataset.news = '"0"';
}
document.addEventListener("threads-changed", countAnew, true); // before the rail hears of it

const asking = (event) => event.detail.elt?.matches?.("[data-news]");
document.addEventListener("htmx:configRequest", (event) => {
  if (asking(event)) event.detail.headers["If-None-Match"] = event.detail.elt.dataset.news;
});
// Who was signed out in another tab, or is no member any more, keeps what is on the screen.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!asking(event) || event.detail.xhr.status < 400) return;
  event.preventDefault();
  if (event.detail.xhr.status < 500) event.detail.elt.removeAttribute("data-news");
});

// The numbers beside Inbox, Tickets and the views.
document.addEventListener("rail-numbers", ({ detail }) => {
  document.getElementById("rail-news").dataset.news = detail.tag;
  for (const [name, words] of Object.entries(detail.numbers))
    for (const number of document.querySelectorAll(`[data-number="${name}"]`)) {
      number.textContent = words;
      number.hidden = !words;
    }
});

// The place of the focus in an element whose like takes its place.
const stops = (box) => [...box.querySelectorAll("a[href],button,input,summary,[tabindex]")];
const place = (box) => (box?.contains(document.activeElement) ? stops(box).indexOf(document.activeElement) : -1);
function later(name, work) {
  document.addEventListener(name, work, { once: true });
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (!detail.shouldSwap) return;
  if (!detail.target.isConnected) detail.shouldSwap = false; // one went on meanwhile
  else if (detail.target.id === "messages") takeMessages(detail);
  else if (detail.target.id === "threads" && asking({ detail: detail.requestConfig })) takeList(detail);
  else if (detail.target.id === "thread-header") keepPlace("#thread-header", place(detail.target));
});

function keepPlace(selector, at) {
  if (at >= 0) later("htmx:afterSettle", () => stops(document.querySelector(selector))[at]?.focus());
}

const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
const row = (id) => `[data-row="${id}"]`;

function takeList(detail) {
  const list = detail.target;
  const fresh = parsed(detail.serverResponse);
  const busy =
    list.querySelector(".check:checked") || list.querySelector(".scroll").scrollTop > 0 || document.querySelector("dialog[open],:popover-open");
  if (!busy) {
    const current = document.activeElement.closest?.("[data-row]");
    if (current) keepPlace(row(current.dataset.row), place(current));
    return told(0);
  }
  detail.shouldSwap = false;
  list.querySelector("[data-news]").dataset.news = fresh.querySelector("[data-news]").dataset.news;
  const known = ({ dataset }) => list.querySelector(row(dataset.row))?.dataset.state === dataset.state;
  told([...fresh.querySelectorAll("[data-row]")].filter((one) => !known(one)).length);
}

// How many rows are new or changed and not shown.
function told(number) {
  const bar = document.querySelector("#list-news > *");
  bar.querySelector("[data-count]").textContent = number;
  bar.hidden = number === 0;
}
document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-show-news]")) return;
  document.querySelector("#threads .scroll").focus();
  document.body.dispatchEvent(new Event("threads-changed"));
});
document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target.id === "threads" && told(0));

// New messages take their places; the others stay as they are, with what is unfolded, played or marked in them.
function takeMessages(detail) {
  detail.shouldSwap = false;
  const list = detail.target;
  const composer = document.getElementById("composer");
  // On a phone the page scrolls, not the thread alone.
  const atEnd = list.lastElementChild.getBoundingClientRect().bottom < Math.min(composer.getBoundingClientRect().top, innerHeight) + 80;
  let last = list.querySelector(":scope > h1");
  let message = null;
  for (const entry of [...parsed(detail.serverResponse).querySelector("#messages").children]) {
    if (!entry.id) continue;
    const known = document.getElementById(entry.id);
    if (!known) {
      last ? last.after(entry) : list.prepend(entry);
      htmx.process(entry);
      if (entry.matches(".msg")) message = entry;
    }
    last = known ?? entry;
  }
  setTimeout(countAnew, EVERY / 2); // they are read now
  if (atEnd) list.lastElementChild.scrollIntoView({ block: "end" });
  else if (message) document.querySelector("[data-jump]").hidden = false;
}
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-jump]");
  if (!button) return;
  button.hidden = true;
  document.getElementById("thread-scroll").focus({ preventScroll: true });
  document.querySelector("#messages > .msg:last-of-type").scrollIntoView({ block: "start" });
});

// The details beside the thread, once nobody is at them.
let stale = false;
function refresh() {
  const details = document.getElementById("details");
  if (!stale || details.contains(document.activeElement) || details.querySelector("form.editing") || document.querySelector("dialog[open]")) return;
  stale = false;
  document.body.dispatchEvent(new Event("thread-edited"));
}
document.addEventListener("thread-news", () => {
  stale = true;
  refresh();
});
document.addEventListener("focusout", () => setTimeout(refresh));
document.addEventListener("close", () => setTimeout(refresh), true);

ask();
