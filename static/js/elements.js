// Light-DOM custom elements: the browser calls connectedCallback for every swapped-in node, so nothing needs a re-init.

const person = (data, escape) =>
  `<div class="person"><span class="av md hue-${escape(data.hue ?? "0")}" aria-hidden="true">${escape(data.initials ?? "")}</span><b class="truncate">${escape(data.text)}</b><small>${escape(data.email)}</small></div>`;

// What the command palette lists: a person with a picture, anything else with an icon of the sprite.
const entry = (sprite) => (data, escape) =>
  data.initials
    ? person(data, escape)
    : `<div class="entry"><svg class="icon sm" aria-hidden="true"><use href="${escape(sprite)}#${escape(data.icon)}"></use></svg><b class="truncate">${escape(data.text)}</b><small>${escape(data.email ?? "")}</small></div>`;

function group({ group: { label }, options }) {
  const box = document.createElement("div");
  box.className = "optgroup";
  box.role = "group";
  box.ariaLabel = label;
  box.append(options);
  box.firstElementChild.ariaHidden = "true";
  return box;
}

// A searchable select over a real <select>. data-people: contacts, found on the server by data-url (?q=…, JSON
// [{value, text, email, hue, initials}]); data-url without it: any options found there; data-create: new entries;
// data-palette: a list that stays open, whose values are addresses to go to.
class Select extends HTMLElement {
  connectedCallback() {
    const select = this.querySelector("select");
    if (!select || select.tomselect) return;
    const { create, people, url, submit, palette } = this.dataset;
    const noneFound = people === undefined ? "sayNoneFound" : "sayNoContact";
    const icon = this.querySelector("template")?.innerHTML ?? "";
    this.place = () => this.#place();
    this.sizes = new ResizeObserver(this.place); // the list grows when what was found comes
    addEventListener("scroll", this.place, true);
    addEventListener("resize", this.place);
    this.choice = new TomSelect(select, {
      plugins: select.multiple ? { remove_button: { title: document.body.dataset.sayRemove } } : {},
      maxOptions: 200,
      optgroupValueField: "label",
      lockOptgroupOrder: true,
      refreshThrottle: 0,
      selectOnTab: !select.multiple, // of several, Enter chooses and Tab leaves
      hidePlaceholder: true,
      closeAfterSelect: !select.multiple,
      onDropdownOpen: (list) => {
        if (palette) return; // it is within the dialog
        list.popover = "manual"; // the top layer: never clipped by a panel, never under a dialog
        list.showPopover();
        this.sizes.observe(list);
        this.#place();
      },
      onDropdownClose: (list) => list.matches(":popover-open") && list.hidePopover(),
      onItemAdd: () => {
        if (!select.multiple) return;
        this.choice.setTextboxValue(""); // what was typed has done its work: the next one is typed anew
        this.choice.refreshOptions();
      },
      onChange: (value) => (palette ? value && this.#go(value) : submit !== undefined && select.form?.requestSubmit()),
      ...(url && this.#remote(url)),
      render: {
        no_results: (data, escape) =>
          `<div class="no-results" role="option" aria-disabled="true">${escape(document.body.dataset[this.failed ? "sayNotSearched" : noneFound])}</div>`,
        option_create: (data, escape) =>
          `<div class="create">${escape(document.body.dataset.sayCreate).replace("{name}", () => `<strong>${escape(data.input)}</strong>`)}</div>`,
        ...(palette && { option: entry(palette), optgroup: group }),
        ...(people !== undefined && {
          option: person,
          option_create: (data, escape) =>
            `<div class="create person" role="option">${icon}<b>${escape(document.body.dataset.sayCreateContact)}</b><small>${escape(data.input.includes("@") ? data.input : create || data.input)}</small></div>`,
        }),
      },
      create: create !== undefined && people === undefined ? true : create !== undefined && ((input, done) => done({ value: `new:${input.includes("@") ? input : create || input}`, text: input, email: input })),
      createFilter: (input) =>
        (!url || this.answered === input) && (people === undefined || Boolean(create) || input.includes("@")),
    });
    this.choice.hook("instead", "canLoad", () => Boolean(url)); // again, too: an answer may have been passed over
    this.choice.hook("instead", "onClick", () => {
      this.choice.clearActiveItems();
      this.choice.focus(); // and opens the list; Tom Select's own click would close one that is open
    });
    this.choice.hook("instead", "onPaste", () => {}); // pasted is like typed: Tom Select refuses it without the focus
    const box = this.choice.control_input;
    this.choice.hook("instead", "focus", () => {
      box.focus();
      this.choice.onFocus(); // at once: Tom Select's own waits for a timer, and hides the box from a key that comes before it
    });
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !box.value) return;
      event.preventDefault(); // not chosen yet: nothing to send
      this.entered = this.choice.inputValue(); // the server may still be looking for it
    });
    box.addEventListener("blur", () => (this.entered = null));
    if (palette) this.#stayOpen(box);
    else if (select.closest("dialog")) this.#openWhenAsked(box);
    for (const name of ["aria-label", "aria-describedby", "aria-invalid", "autofocus"]) {
      if (!select.hasAttribute(name)) continue;
      box.setAttribute(name, select.getAttribute(name)); // of the two controls, the one that is seen has it
      select.removeAttribute(name);
    }
    select.setAttribute("aria-hidden", "true");
    if (box.autofocus) this.choice.focus();
  }

  focus() {
    this.choice?.focus();
  }

  // In a form that one walks through, the list covers what comes next only after a click or a key.
  #openWhenAsked(box) {
    const { choice } = this;
    const open = choice.open.bind(choice);
    let asked = false;
    choice.open = () => asked && open();
    choice.control.addEventListener("click", () => (asked = true), true);
    box.addEventListener("keydown", (event) => (asked ||= event.key !== "Tab"), true);
    box.addEventListener("blur", () => (asked = false));
  }

  // Escape closes the dialog at once, and no click or blur the list.
  #stayOpen(box) {
    this.choice.hook("instead", "close", () => {});
    box.addEventListener("keydown", (event) => event.key === "Escape" && event.stopImmediatePropagation(), true);
  }

  // A dialog opens over the page that one is at.
  #go(url) {
    const { dialog } = this.choice.options[url];
    if (dialog !== undefined) return htmx.ajax("GET", url, { target: "#dialog" });
    this.closest("dialog").close();
    location.assign(url);
  }

  // Options that the server finds. Until it has answered what is typed now, those at hand that fit are shown and none is
  // made, so that a quick Enter never takes another one: it takes the first one when it has come.
  #remote(url) {
    return {
      loadThrottle: 150,
      shouldLoad: () => true,
      onFocus: () => this.choice.load(this.choice.inputValue()),
      searchField: ["text", "email"],
      score: (query) => (query === this.answered ? () => 1 : this.choice.getScoreFunction(query)),
      load: (query, done) =>
        fetch(`${url}?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } })
          .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
          .then((found) => {
            if (!this.choice) return; // it has left the page
            if (query !== this.choice.inputValue()) return done(); // something else is typed by now
            this.answered = query;
            this.failed = false;
            this.choice.clearOptions();
            done(found);
            const first = this.choice.activeOption;
            if (query && query === this.entered && first?.matches("[data-selectable]:not(.create)")) this.choice.onOptionSelect(new Event("enter"), first);
          })
          .catch(() => {
            if (!this.choice) return;
            this.failed = true; // said in place of what was found
            this.choice.clearOptions();
            done();
          }),
    };
  }

  #place() {
    const list = this.choice?.dropdown;
    if (!this.choice?.isOpen || !list.popover) return; // the palette's has its place
    const box = this.choice.control.getBoundingClientRect();
    const up = box.bottom + list.offsetHeight > innerHeight && box.top > list.offsetHeight;
    list.style.width = `${box.width}px`;
    list.style.left = `${box.left}px`;
    list.style.top = `${up ? box.top - list.offsetHeight - 8 : box.bottom}px`;
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
    removeEventListener("scroll", this.place, true);
    removeEventListener("resize", this.place);
    this.choice?.destroy();
    this.choice = null;
  }
}
customElements.define("ui-select", Select);

// A list that is put in order by drag, or by its buttons [data-move=up|down]; fires "reordered" on the element.
class Sorted extends HTMLElement {
  connectedCallback() {
    this.sortable ??= new Sortable(this.firstElementChild, {
      handle: ".handle",
      animation: 120,
      onEnd: () => this.dispatchEvent(new Event("reordered", { bubbles: true })),
    });
  }
  disconnectedCallback() {
    this.sortable?.destroy();
    this.sortable = null;
  }
}
customElements.define("ui-sortable", Sorted);

document.addEventListener("click", (event) => {
  const button = event.target.closest("ui-sortable [data-move]");
  const row = button?.closest("[data-id]");
  const neighbour = button?.dataset.move === "up" ? row?.previousElementSibling : row?.nextElementSibling;
  if (!neighbour) return;
  event.preventDefault(); // without JavaScript the button sends its form
  button.dataset.move === "up" ? neighbour.before(row) : neighbour.after(row);
  row.closest("ui-sortable").dispatchEvent(new Event("reordered", { bubbles: true }));
  (button.disabled ? row.querySelector("[data-move]:enabled") : button)?.focus();
});
document.addEventListener("reordered", (event) => {
  for (const row of event.target.firstElementChild?.children ?? [])
    for (const button of row.querySelectorAll("[data-move]"))
      button.disabled = button.dataset.move === "up" ? !row.previousElementSibling : !row.nextElementSibling;
});

// [data-copy="id"] copies that element's text; where the browser won't, it stays selected for Ctrl+C.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  source.select ? source.select() : getSelection().selectAllChildren(source);
  const copied = navigator.clipboard // only where the page came by https or from this machine
    ? await navigator.clipboard.writeText((source.value ?? source.textContent).trim()).then(() => true, () => false)
    : document.execCommand("copy");
  button.querySelector("span").textContent = copied ? document.body.dataset.sayCopied : document.body.dataset.sayPressCopy;
});
