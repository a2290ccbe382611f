
// What is typed into the search: words, "phrases", and filters by the names of the command line's options, such as
// user:bertil or severity:high. pop2dissect/phrases.py says the rule, and both are tested with the same cases.

const SEVERITIES = ["info", "low", "medium", "high", "critical"];
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/;

// A name with * for any characters and ? for any one.
const glob = (pattern) => {
  const text = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  const whole = new RegExp(`^${text}$`, "su");
  return (name) => whole.test(name);
};

// The bits of an address; none where it is no address.
const bits = (text) => {
  const binary = (part, base, width) => Number.parseInt(part, base).toString(2).padStart(width, "0");
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text.split(".").map((part) => binary(part, 10, 8)).join("");
  if (!/^[\da-f:]*:[\da-f:]*$/i.test(text)) return "";
  const [left, right] = text.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = right ? Array(Math.max(8 - left.length - right.length, 0)).fill("0") : [];
  return [...left, ...zeros, ...(right ?? [])].map((part) => binary(part, 16, 16)).join("");
};

// An address, one with a port, or a network.
const endpoint = (wanted) => {
  const [, six, four, port] = WITH_PORT.exec(wanted) ?? [];
  const [net, length] = (six ?? four ?? wanted).split("/");
  const prefix = bits(net).slice(0, length ?? 128);
  return (shown) => {
    const [, ownSix, ownFour, ownPort] = WITH_PORT.exec(shown);
    const own = bits(ownSix ?? ownFour);
    return bits(net).length === own.length && own.startsWith(prefix) && (port === undefined || port === ownPort);
  };
};

const same = (text) => (shown) => shown.toLowerCase() === text.toLowerCase();
const outcome = (row) => (cell(row, "login") === "not known" ? "unknown" : cell(row, "login").split(" ")[0]);
const began = (row) => Date.parse(`${cell(row, "start").slice(0, 23).replace(" ", "T")}Z`);
const within = (row, selector) => $$(selector, sections.get(row.dataset.id)).map((one) => one.textContent.trim());
const more = (listed) => (listed ? listed.split("\n") : []);

// Each takes a value, and gives what tells whether a row is wanted by it.
const FILTERS = {
  session: (text) => (row) =>
    text.split(",").some((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return first <= Number(row.dataset.id) && Number(row.dataset.id) <= last;
    }),
  user: (text) => (row) => [cell(row, "user"), ...more(row.dataset.u)].filter(Boolean).some(glob(text)),
  client: (text) => (row) => endpoint(text)(cell(row, "client")),
  server: (text) => (row) => endpoint(text)(cell(row, "server")),
  since: (text) => (row) => began(row) >= Date.parse(text),
  until: (text) => (row) => began(row) < Date.parse(text),
  protocol: (text) => (row) => same(text)(cell(row, "protocol")),
  login: (text) => (row) => same(text)(outcome(row)),
  mailbox: (text) => (row) => [...within(row, ".message h5 bdi"), ...more(row.dataset.m)].some(glob(text)),
  subject: (text) => (row) =>
    $$(".message dt", sections.get(row.dataset.id)).some(
      (name) => same("subject")(name.textContent.trim()) && name.nextElementSibling.textContent.toLowerCase().includes(text.toLowerCase()),
    ),
  finding: (text) => (row) => $$('.about a[href^="#i-"]', sections.get(row.dataset.id)).map((one) => one.hash.slice(3)).some(glob(text)),
  severity: (text) => (row) =>
    row.dataset.s !== "" && SEVERITIES.includes(text.toLowerCase()) && Number(row.dataset.s) >= SEVERITIES.indexOf(text.toLowerCase()),
};

// Returns what is wanted: of several filters of one name one must be true, and all else.
const wanted = (text) => {
  const filters = new Map();
  const words = [];
  for (const [whole, name, phrase, word] of text.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = phrase ?? word;
    if (Object.hasOwn(FILTERS, name ?? "")) {
      if (value) filters.set(name, [...(filters.get(name) ?? []), FILTERS[name](value)]);
    } else words.push((phrase !== undefined && !name ? phrase : whole).toLowerCase());
  }
  const asked = words.filter(Boolean).map((one) => (row) => textOf(row).includes(one));
  return [...asked, ...Array.from(filters.values(), (tests) => (row) => tests.some((test) => test(row)))];
};
