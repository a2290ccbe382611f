
// One session: its lines, the fields of an exchange, and octets with a field marked.

class Panes {
  constructor(section) {
    this.section = section;
    this.octets = new Octets(section);
    this.rows = $$("table.lines tbody tr:not(.note)", section);
    this.cell = reader($("table.lines", section));
    this.tree = make("ul", { role: "tree", "aria-label": "Fields of the exchange" });
    this.hex = make("div", { class: "hex", tabindex: "0", role: "region", "aria-label": "Bytes" });
    this.head = make("p", { class: "hex-head" });
    this.back = make("button", { type: "button" }, "Previous");
    this.on = make("button", { type: "button" }, "Next");
    this.pager = make("p", { class: "pager" }, this.back, this.on, make("span"));
    $(".said", section).after(
      make("div", { class: "panes" },
        make("div", { class: "tree-pane" }, make("h4", {}, "Fields"), this.tree),
        make("div", { class: "hex-pane" }, make("h4", {}, "Bytes"), this.head, this.hex, this.pager)),
    );
    this.back.addEventListener("click", () => this.turn(-PAGE));
    this.on.addEventListener("click", () => this.turn(PAGE));
    for (const row of this.rows) row.tabIndex = -1;
    const table = $("table.lines", section);
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (this.rows.includes(row)) this.select(row);
    });
    table.addEventListener("keydown", (event) => this.rowKey(event));
    this.tree.addEventListener("click", (event) => this.treeClick(event));
    this.tree.addEventListener("keydown", (event) => this.treeKey(event));
    this.hex.addEventListener("click", (event) => this.hexClick(event));
    this.select(this.rows[0], false);
  }

  select(row, focus = true) {
    for (const other of this.rows) {
      other.tabIndex = other === row ? 0 : -1;
      if (other === row) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    if (focus) row.focus();
    const exchange = this.cell(row, "exchange");
    this.tree.replaceChildren();
    let chosen = null;
    for (const line of this.rows.filter((other) => this.cell(other, "exchange") === exchange)) {
      const item = this.lineItem(line, line === row);
      this.tree.append(item);
      if (line === row) chosen = item;
    }
    this.mark(chosen);
  }

  lineItem(row, open) {
    const [place, ...fields] = row.dataset.f.split(";");
    const [start, end] = place.split(",").map(Number);
    const side = row.classList.contains("c") ? "c" : "s";
    const kind = row.classList[1] ?? "command";
    const [time, state, carried] = ["time", "state", "frames"].map((column) => this.cell(row, column));
    const name = kind === "command" ? "Command" : kind === "octets" ? "Bytes" : kind === "data" ? "Message data" : `Reply, ${kind}`;
    const line = { side, start, end };
    let at = start;
    const children = fields.map((field) => {
      const [length, skipped = 0] = field.slice(1).split(",").map(Number);
      const first = at + skipped;
      at = first + length;
      return this.fieldItem(field[0], { ...line, first, last: at });
    });
    const frames = this.octets.extents(side, start, end).map(([first, last, frame]) =>
      this.item("Frame", `${frame}: bytes ${first}–${last}`, { ...line, first, last }),
    );
    children.push(this.item("Time", time ? `${time} UTC` : "not captured", null));
    children.push(this.item("Bytes", `${SIDES[side]}, ${start}–${end}, ${grouped(end - start)} in all`, { ...line, first: start, last: end }));
    const one = frames.length < 2;
    children.push(this.item(one ? "Frame" : "Frames", carried || "none captured", null, one ? [] : frames));
    if (state) children.push(this.item("State of the server", state, null));
    return this.item(name, $("bdi", row)?.textContent ?? this.cell(row, "line"), { ...line, first: start, last: end }, children, open);
  }

  fieldItem(letter, place) {
    const octets = this.octets.read(place.side, place.first, Math.min(place.last, place.first + 401));
    let name = FIELDS[letter] ?? "Bytes";
    let value = asText(octets);
    if ("pq".includes(letter) && octets.includes(-1)) value = "******** (masked)";
    if (letter === "h") {
      const colon = value.indexOf(":");
      name = `Header ${value.slice(0, colon)}`;
      value = value.slice(colon + 1).trim();
    }
    if ("bx".includes(letter)) value = `${grouped(place.last - place.first)} bytes: ${asText(octets, 80)}`;
    return this.item(name, value, place);
  }

  item(name, value, place, children = [], open = false) {
    const label = make("span", { class: "label" }, make("b", {}, `${name}: `), make("span", { class: "value" }, value));
    const item = make("li", { role: "treeitem", tabindex: "-1", "aria-selected": "false" }, label);
    item.place = place;
    if (children.length) {
      item.setAttribute("aria-expanded", String(open));
      item.append(make("ul", { role: "group" }, ...children));
    }
    return item;
  }

  items() {
    return $$("[role=treeitem]", this.tree).filter((item) => !item.parentElement.closest('[aria-expanded="false"]'));
  }

  mark(item, focus = false) {
    for (const other of $$("[role=treeitem]", this.tree)) {
      other.setAttribute("aria-selected", String(other === item));
      other.tabIndex = other === item ? 0 : -1;
    }
    if (focus) item.focus();
    const place = item.place ?? item.parentElement.closest("[role=treeitem]")?.place;
    if (place) this.show(place);
  }

  treeClick(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    if (item.hasAttribute("aria-expanded") && event.target.closest(".label") === item.firstChild) {
      item.setAttribute("aria-expanded", String(item.getAttribute("aria-expanded") !== "true"));
    }
    this.mark(item, true);
  }

  treeKey(event) {
    const item = event.target.closest("[role=treeitem]");
    const items = this.items();
    const at = items.indexOf(item);
    const expanded = item.getAttribute("aria-expanded");
    let next = null;
    if (event.key === "ArrowDown") next = items[at + 1];
    else if (event.key === "ArrowUp") next = items[at - 1];
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    else if (event.key === "ArrowRight") {
      if (expanded === "false") item.setAttribute("aria-expanded", "true");
      else if (expanded === "true") next = items[at + 1];
    } else if (event.key === "ArrowLeft") {
      if (expanded === "true") item.setAttribute("aria-expanded", "false");
      else next = item.parentElement.closest("[role=treeitem]");
    } else if (event.key === "Escape") {
      this.rows.find((row) => row.hasAttribute("aria-current"))?.focus();
      event.stopPropagation();
    } else return;
    event.preventDefault();
    if (next) this.mark(next, true);
  }

  rowKey(event) {
    const at = this.rows.indexOf(event.target.closest("tr"));
    if (at < 0 || event.target.closest("summary, .many")) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (this.rows[to]) this.select(this.rows[to]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      $('[role=treeitem][tabindex="0"]', this.tree)?.focus();
    }
  }

  turn(octets) {
    this.draw(this.place, Math.min(Math.max(this.page + octets, this.place.start), this.place.end - 1));
  }

  show(place) {
    this.draw(place, place.first < place.start + PAGE ? place.start : place.first - ((place.first - place.start) % ROW));
  }

  draw(place, from) {
    const to = Math.min(place.end, from + PAGE);
    const octets = this.octets.read(place.side, from, to);
    this.place = place;
    this.page = from;
    this.head.textContent = `${SIDES[place.side]}, bytes ${place.first}–${place.last}` +
      (place.last > place.first ? ` (${grouped(place.last - place.first)})` : "");
    const lines = [];
    for (let at = 0; at < octets.length; at += ROW) {
      const digits = make("span", { class: "digits" });
      const signs = make("span", { class: "signs" });
      for (let column = 0; column < ROW && at + column < octets.length; column++) {
        const octet = octets[at + column];
        const offset = from + at + column;
        const marked = offset >= place.first && offset < place.last;
        const lost = octet === null;
        const cell = make("i", marked ? { class: "on" } : {}, lost ? "··" : octet === -1 ? "**" : hex(octet, 2));
        const sign = make("i", marked ? { class: "on" } : {},
          lost ? " " : octet === -1 ? "*" : octet >= 32 && octet < 127 ? String.fromCharCode(octet) : ".");
        cell.offset = sign.offset = offset;
        digits.append(cell, column === 7 ? "  " : " ");
        signs.append(sign);
      }
      lines.push(make("div", {}, make("span", { class: "at" }, hex(from + at, 8)), digits, signs));
    }
    const carried = Math.max(place.start + limit - from, 0); // octets from here on that the page may carry
    if (octets.slice(0, carried).includes(null)) lines.push(make("p", { class: "lost" }, "··: not in the capture"));
    if (octets.length > carried) {
      const words = `the page carries at most ${grouped(limit)} bytes of a line or message`;
      lines.push(make("p", { class: "lost" }, `··: from offset ${grouped(place.start + limit)} on, ${words}`));
    }
    this.hex.replaceChildren(...lines);
    const whole = place.end - place.start > PAGE;
    this.pager.hidden = !whole;
    this.pager.lastChild.textContent = `${grouped(from)}–${grouped(to)} of ${grouped(place.start)}–${grouped(place.end)}`;
    this.back.disabled = from <= place.start;
    this.on.disabled = to >= place.end;
    const first = $(".on", this.hex);
    if (first) this.hex.scrollTop = Math.max(first.offsetTop - this.hex.clientHeight / 2, 0);
  }

  hexClick(event) {
    const { offset } = event.target;
    if (offset === undefined) return;
    const holding = $$("[role=treeitem]", this.tree)
      .filter(({ place }) => place && place.side === this.place.side && place.first <= offset && offset < place.last)
      .filter((item) => $("b", item).textContent !== "Frame: ")
      .sort((one, other) => one.place.last - one.place.first - (other.place.last - other.place.first));
    const item = holding[0];
    if (!item) return;
    for (let above = item.parentElement.closest("[role=treeitem]"); above; above = above.parentElement.closest("[role=treeitem]")) {
      above.setAttribute("aria-expanded", "true");
    }
    this.mark(item);
  }

  go(frame) {
    const row = this.rows.find((line) => holds(this.cell(line, "frames"), frame));
    if (row) this.select(row);
    return Boolean(row);
  }
}
