
// The list of sessions: search, filters, keys, and which session is open.

const rows = $$("#list tbody tr");
const cell = reader($("#list"));
const sections = new Map($$(".session").map((section) => [section.id.slice(1), section]));
const panes = new Map();
let current = null;
let wantedFrame = null;

// The frames behind a finding of a session lead to the line that the first of them carried.
const linkFrames = (text, id) => {
  const match = /frames? ([\d:]+).*/.exec(text?.textContent ?? "");
  if (!match) return;
  text.textContent = text.textContent.slice(0, match.index);
  text.after(make("a", { href: `#s${id}`, "data-frame": match[1] }, match[0].trim()));
};

// The command line that shows a session in Wireshark, from its first frame on.
const openers = $("#open").dataset.wireshark.split("\n");
const addCommand = (section) => {
  const name = $$("dl.facts dt", section).find((one) => one.textContent === "Display filter");
  const frames = $$("dl.facts dt", section).find((one) => one.textContent === "Frames");
  const [, capture = "1", frame] = /^(?:(\d+):)?(\d+)/.exec(frames?.nextElementSibling.textContent.trim() ?? "") ?? [];
  const opener = openers[Number(capture) - 1];
  if (!name || !frame || !opener) return;
  const command = `${opener} -g ${frame} -Y '${name.nextElementSibling.textContent.trim()}'`;
  name.nextElementSibling.after(make("dt", {}, "In Wireshark"), make("dd", {}, make("code", {}, command)));
};

const open = (id, focus) => {
  const section = sections.get(id);
  if (!section) return;
  if (current && current !== id) sections.get(current).classList.remove("open");
  current = id;
  section.classList.add("open");
  for (const row of rows) {
    if (row.dataset.id === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  if (!panes.has(id) && $("table.lines", section)) {
    panes.set(id, new Panes(section));
    addCommand(section);
    for (const item of $$(".about li", section)) linkFrames(item.lastChild, id);
  }
  const frame = wantedFrame;
  wantedFrame = null;
  if (frame && panes.get(id)?.go(frame)) return;
  if (focus) {
    const heading = $("h3", section);
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "start" });
  }
};

const follow = () => {
  const match = /^#s(\d+)$/.exec(location.hash);
  if (match) open(match[1], true);
};

const texts = new Map();
const textOf = (row) => {
  const { id } = row.dataset;
  if (!texts.has(id)) {
    const parts = Array.from(sections.get(id).children)
      .filter((child) => child.tagName !== "SCRIPT" && !child.classList.contains("panes"))
      .map((child) => child.textContent);
    texts.set(id, [row.textContent, ...parts].join("\n").toLowerCase());
  }
  return texts.get(id);
};

const filter = () => {
  const asked = wanted($("#q").value);
  const protocol = $("#f-protocol").value;
  const login = $("#f-login").value;
  const ending = $("#f-ending").value;
  const severity = $("#f-severity").value;
  const messages = $("#f-messages").checked;
  let found = 0;
  for (const row of rows) {
    const fits =
      (!protocol || cell(row, "protocol") === protocol) &&
      (!login || outcome(row) === login) &&
      (!ending || cell(row, "ending") === ending) &&
      (!severity || (row.dataset.s !== "" && Number(row.dataset.s) >= Number(severity))) &&
      (!messages || cell(row, "messages") !== "") &&
      asked.every((is) => is(row));
    row.hidden = !fits;
    sections.get(row.dataset.id).classList.toggle("out", !fits);
    found += fits;
  }
  $("#count").textContent = `${grouped(found)} of ${grouped(rows.length)} sessions`;
};

// Rows are sorted by the column whose head is clicked; first and again, by how grave what was found is.
const VALUES = {
  number: (row) => Number(row.dataset.id),
  finding: (row) => -Number(row.dataset.s || -1),
  messages: (row) => -Number(cell(row, "messages").replaceAll(",", "")),
  deleted: (row) => -Number(cell(row, "deleted").replaceAll(",", "")),
  bytes: (row) => -Number(cell(row, "bytes").replaceAll(",", "")),
};
const sort = (name, backwards) => {
  const value = VALUES[name] ?? ((row) => cell(row, name));
  const keys = new Map(rows.map((row) => [row, value(row)]));
  const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  const sign = backwards ? -1 : 1;
  rows.sort(
    (one, other) => sign * compare(keys.get(one), keys.get(other)) || Number(one.dataset.id) - Number(other.dataset.id),
  );
  $("#list tbody").append(...rows);
  for (const head of $$("#list thead th")) {
    if (head.dataset.c === name) head.setAttribute("aria-sort", backwards ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
};

const step = (by) => {
  const shown = rows.filter((row) => !row.hidden);
  // The address is a step ahead of the session that is open, where keys come fast.
  const [, here] = /^#s(\d+)$/.exec(location.hash) ?? [, current];
  const at = shown.findIndex((row) => row.dataset.id === here);
  const next = shown[at < 0 ? 0 : at + by];
  if (next) location.hash = `s${next.dataset.id}`;
};

const list = $("#list");
list.addEventListener("click", (event) => {
  const row = event.target.closest("tbody tr");
  if (row && !event.target.closest("a, summary") && !String(getSelection())) location.hash = `s${row.dataset.id}`;
});
list.addEventListener("keydown", (event) => {
  const row = event.target.closest("tbody tr");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !by) return;
  event.preventDefault();
  const shown = rows.filter((one) => !one.hidden);
  const next = shown[shown.indexOf(row) + by];
  (next ? $("a", next) : by < 0 ? $("#q") : $("a", row)).focus();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#s"]');
  if (!link) return;
  wantedFrame = link.dataset.frame ?? null;
  if (link.hash !== location.hash) return;
  event.preventDefault(); // the browser would take the focus from the line
  follow();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape") {
    ($("#list tr[aria-current] a") ?? $("#q")).focus();
  } else if (typing || !$("#keys").checked) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    $("#q").focus();
  } else if (event.key === "n" || event.key === "p") {
    step(event.key === "n" ? 1 : -1);
  }
});

for (const head of $$("#list thead th")) {
  const button = make("button", { type: "button" }, ...head.childNodes);
  button.addEventListener("click", () => sort(head.dataset.c, head.getAttribute("aria-sort") === "ascending"));
  head.append(button);
}

$("#q").addEventListener("keydown", (event) => {
  if (!["Enter", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  filter();
  const first = rows.find((row) => !row.hidden);
  if (!first) return;
  if (event.key === "Enter") location.hash = `s${first.dataset.id}`;
  else $("a", first).focus();
});

const form = $("form.tools");
let waiting = 0;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 120);
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter, 0));
$("#all").addEventListener("change", (event) => document.body.classList.toggle("all", event.target.checked));

// What is folded away on the screen is printed; long lines only where everything is.
let folded = [];
window.addEventListener("beforeprint", () => {
  const all = document.body.matches(".paper-all, .all");
  folded = $$("details:not([open])").filter((details) => all || !details.classList.contains("long"));
  for (const details of folded) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});

window.addEventListener("hashchange", follow);
sort("finding", false);
filter();
if (location.hash.startsWith("#s") && /^#s\d+$/.test(location.hash)) follow();
else if (rows.length) {
  const gravest = rows.reduce((one, other) => (Number(other.dataset.s) > Number(one.dataset.s) ? other : one));
  open(gravest.dataset.id, false);
}
