
// The octets of a session, as it carries them.

const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

class Octets {
  constructor(section) {
    const carried = JSON.parse($("script.octets", section).textContent);
    this.sides = {};
    for (const side of Object.keys(SIDES)) {
      const { o, m, p } = carried[side];
      this.sides[side] = { runs: o.map(([start, text]) => [start, decode(text)]), masked: m, extents: p };
    }
  }
  // Gives for each offset the octet, -1 where it is a password's, null where there is none.
  read(side, start, end) {
    const { runs, masked } = this.sides[side];
    const octets = new Array(end - start).fill(null);
    for (const [first, run] of runs) {
      const from = Math.max(first, start);
      const to = Math.min(first + run.length, end);
      for (let at = from; at < to; at++) octets[at - start] = run[at - first];
    }
    for (const [first, length] of masked) {
      for (let at = Math.max(first, start); at < Math.min(first + length, end); at++) octets[at - start] = -1;
    }
    return octets;
  }
  extents(side, start, end) {
    return this.sides[side].extents
      .map(([first, length, frames]) => [Math.max(first, start), Math.min(first + length, end), frames])
      .filter(([first, last]) => first < last);
  }
}

const asText = (octets, most = 400) => {
  const shown = octets.slice(0, most).map((octet) => {
    if (octet === null) return "·";
    if (octet === -1) return "*";
    if (octet === 13) return "\\r";
    if (octet === 10) return "\\n";
    if (octet === 9) return "\\t";
    return octet >= 32 && octet < 127 ? String.fromCharCode(octet) : `\\x${hex(octet, 2)}`;
  });
  return shown.join("") + (octets.length > most ? "…" : "");
};
const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const grouped = (number) => number.toLocaleString("en-GB");
