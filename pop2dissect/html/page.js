// What the page does beyond being read: one session at a time, three panes, search and filters. These files
// are put together into one function. It only ever sets text, never markup, so nothing from a capture can
// become part of the page's code.

const PAGE = 1024; // bytes of the bytes pane at a time
const ROW = 16;
const FIELDS = {
  k: "Keyword", u: "User", p: "Password", a: "Argument", i: "Indicator", c: "Code", n: "Number", t: "Text",
  e: "Line end", h: "Header", m: "Empty line", b: "Body", x: "Bytes",
};
const SIDES = { c: "client", s: "server" };
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const limit = Number($("#open").dataset.limit);

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

// Gives a function that reads a row's cell by the name of its column in the table's head, wherever that stands.
const reader = (table) => {
  const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.dataset.c);
  return (row, name) => row.cells[names.indexOf(name)].textContent.trim();
};

// Frames are cited as "6, 8-12", of several captures as "1:6, 2:8-12".
const holds = (cited, frame) => {
  const [capture, number] = frame.includes(":") ? frame.split(":") : ["", frame];
  return cited.split(", ").some((run) => {
    const [prefix, range] = run.includes(":") ? run.split(":") : ["", run];
    const [first, last = first] = range.split("-").map(Number);
    return prefix === capture && first <= Number(number) && Number(number) <= last;
  });
};
