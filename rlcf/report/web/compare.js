"use strict";
// Two sets of completions against each other: two steps of a run, or two runs. How outcomes and javac's codes are
// spread in each, and the problems that both have, in pairs to be opened beside each other.

/** Names of a choice of pairs, and which it shows; `a` and `b` are the numbers of passes. */
const PAIRS = {
  all: () => true,
  gained: (a, b) => b.rate > a.rate,
  lost: (a, b) => b.rate < a.rate,
  "other outcome": (a, b) => a.outcome !== b.outcome,
};
const MOST_PAIRS = 500;

class Comparison {
  /** `open(row, beside)` opens a pair. */
  constructor(all, open) {
    this.all = all;
    this.open = open;
    this.sides = [document.getElementById("side-a"), document.getElementById("side-b")];
    this.kind = document.getElementById("pair-kind");
    this.table = document.getElementById("compared");
    this.pairs = document.getElementById("pairs");
    this.shown = []; // the rows of the pairs in the list
    for (const name of Object.keys(PAIRS)) this.kind.append(new Option(name, name));
    for (const field of [...this.sides, this.kind]) field.addEventListener("change", () => this.show());
  }

  /** Fills the choices with what there is; keeps what was chosen. */
  refresh() {
    const { all } = this;
    const sets = new Map();
    for (let row = 0; row < all.count; row++) {
      const key = `${all.run[row]} ${all.moment[row]}`;
      sets.set(key, (sets.get(key) || 0) + 1);
    }
    const moments = all.words.moment;
    const ordered = [...sets.keys()].map((key) => key.split(" ").map(Number));
    ordered.sort((a, b) => a[0] - b[0] || inTime(moments[a[1]], moments[b[1]]));
    const named = ordered.map(([run, moment]) => {
      const of = all.words.run.length > 1 ? `${all.words.run[run]}: ` : "";
      return [`${run} ${moment}`, `${of}${moments[moment]} (${sets.get(`${run} ${moment}`).toLocaleString("en")})`];
    });
    const chosen = this._default(ordered);
    this.sides.forEach((select, side) => {
      const wanted = select.value || chosen[side];
      select.replaceChildren(...named.map(([value, shown]) => new Option(shown, value, false, value === wanted)));
    });
    if (named.length) this.show();
  }

  /** The last moment of either run; of one run, the same evaluation before and after, else its first and last. */
  _default(ordered) {
    if (!ordered.length) return ["", ""];
    const key = (found) => found.join(" ");
    const last = ordered[ordered.length - 1];
    const first = this.all.words.run.length > 1
      ? ordered.find((found) => found[0] !== last[0] && found[1] === last[1]) || ordered[0]
      : ordered.find((found) => this.all.words.moment[found[1]] === this.all.words.moment[last[1]].replace("after", "before")) || ordered[0];
    return [key(first), key(last)];
  }

  show() {
    const sets = this.sides.map((select) => this._set(select.value));
    this._counts(sets);
    this._pairs(sets);
  }

  _set(value) {
    const [run, moment] = value.split(" ").map(Number);
    const { all } = this;
    const rows = [];
    for (let row = 0; row < all.count; row++) if (all.run[row] === run && all.moment[row] === moment) rows.push(row);
    return rows;
  }

  /** Opens the pair after or before the one that has `row`. */
  step(row, by) {
    const pair = this.shown[this.shown.findIndex(([first]) => first === row) + by];
    if (pair) this.open(...pair);
  }

  _counts(sets) {
    const { all } = this;
    const counted = (rows, words) => {
      const found = new Map();
      for (const row of rows) for (const word of words(row)) found.set(word, (found.get(word) || 0) + 1);
      return found;
    };
    const kinds = [
      ["outcome", (row) => [all.word("outcome", row)]],
      ["javac code", (row) => all.list("codes", row)],
      ["exception", (row) => (all.exception[row] < 0 ? [] : [all.word("exception", row)])],
    ];
    const body = [];
    for (const [kind, words] of kinds) {
      const [a, b] = sets.map((rows) => counted(rows, words));
      const names = [...new Set([...a.keys(), ...b.keys()])];
      names.sort((x, y) => Math.max(b.get(y) || 0, a.get(y) || 0) - Math.max(b.get(x) || 0, a.get(x) || 0));
      names.slice(0, 12).forEach((name, at) => body.push(this._line(kind, name, at === 0, sets, [a.get(name) || 0, b.get(name) || 0])));
    }
    const head = make("tr", "", {}, ...["", "", "A", "B", "B − A, points"].map((name) => make("th", "", {}, name)));
    this.table.replaceChildren(make("thead", "", {}, head), make("tbody", "", {}, ...body));
  }

  _line(kind, name, first, sets, counts) {
    const shares = counts.map((count, side) => (100 * count) / Math.max(1, sets[side].length));
    const difference = shares[1] - shares[0];
    const good = name === "passed";
    const shown = `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(1)}`;
    const told = make("span", difference && (difference > 0) === good ? "up" : difference ? "down" : "", {}, shown);
    const cells = shares.map((share, side) => make("td", "", {}, `${share.toFixed(1)} % `, make("i", "", {}, `${counts[side]}`)));
    return make("tr", first ? "first" : "", {}, make("th", "", {}, first ? kind : ""), make("td", "", {}, name), ...cells, make("td", "", {}, kind === "outcome" ? told : shown));
  }

  _pairs(sets) {
    const { all } = this;
    const [a, b] = sets.map((rows) => {
      const found = new Map();
      for (const row of rows) {
        const one = found.get(all.task[row]) || { first: row, passes: 0, count: 0 };
        one.passes += all.word("outcome", row) === "passed" ? 1 : 0;
        one.count++;
        found.set(all.task[row], one);
      }
      for (const one of found.values()) (one.rate = one.passes / one.count), (one.outcome = all.word("outcome", one.first));
      return found;
    });
    const both = [...a.keys()].filter((task) => b.has(task));
    const shown = both.filter((task) => PAIRS[this.kind.value](a.get(task), b.get(task)));
    this.shown = [];
    const items = shown.slice(0, MOST_PAIRS).map((task) => {
      const [one, other] = [a.get(task), b.get(task)];
      const passes = one.count > 1 || other.count > 1 ? ` ${one.passes}/${one.count} → ${other.passes}/${other.count}` : "";
      const button = make("button", "pair", { type: "button" },
        make("span", "task", {}, all.words.task[task]),
        make("span", `outcome ${one.outcome}`, {}, one.outcome), " → ", make("span", `outcome ${other.outcome}`, {}, other.outcome), passes);
      button.addEventListener("click", () => this.open(one.first, other.first));
      this.shown.push([one.first, other.first]);
      return make("li", "", {}, button);
    });
    const more = shown.length > MOST_PAIRS ? `, the first ${MOST_PAIRS} shown` : "";
    const note = both.length ? `${shown.length} of ${both.length} problems that both were asked${more}` : "The two were asked no problem in common.";
    this.pairs.replaceChildren(...items);
    document.getElementById("pairs-note").textContent = note;
  }
}
