"use strict";
// The list of completions: filters above, and below of all rows only those that are on the screen.

const ROW_HEIGHT = 46;
/** Browsers end elements at some tens of millions of pixels; beyond this the list is scrolled in parts. */
const TALLEST = 8000000;
const FACET_NAMES = {
  run: "run",
  moment: "step",
  outcome: "outcome",
  code: "javac code",
  exception: "exception",
  flag: "reward hacking flag",
};

/** The order of moments: before, the steps, after. */
function inTime(a, b) {
  const place = (name) => [["before", "step", "during", "turn", "after"].indexOf(name.split(/[ ,]/)[0]), Number((name.match(/\d+/) || [0])[0])];
  const [one, other] = [place(a), place(b)];
  const kind = (found) => (found === 2 ? 1 : found); // evaluations stand among the steps
  return kind(one[0]) - kind(other[0]) || one[1] - other[1] || a.localeCompare(b);
}

class List {
  /** `open(row, back)` is called with a row that is chosen. */
  constructor(all, open) {
    this.all = all;
    this.open = open;
    this.rows = [];
    this.at = 0; // index in `rows` of the row that is marked
    this.query = { search: "", problem: "", facets: {} };
    this.search = document.getElementById("search");
    this.problem = document.getElementById("problem");
    this.view = document.getElementById("rows");
    this.count = document.getElementById("count");
    this.inner = make("div", "inner", { role: "presentation" });
    this.view.append(this.inner);
    this.selects = {};
    this._fields();
    this.view.addEventListener("scroll", () => this.draw());
    this.view.addEventListener("keydown", (event) => this._key(event));
    this.view.addEventListener("click", (event) => {
      const item = event.target.closest("[data-index]");
      if (item) this.choose(Number(item.dataset.index), true);
    });
    new ResizeObserver(() => this.draw()).observe(this.view);
  }

  _fields() {
    const place = document.getElementById("facets");
    for (const [name, shown] of Object.entries(FACET_NAMES)) {
      const select = make("select", "", { id: `facet-${name}` });
      select.addEventListener("change", () => {
        this.query.facets[name] = select.value === "" ? undefined : Number(select.value);
        this.filter();
      });
      this.selects[name] = select;
      place.append(make("label", "", { for: select.id }, shown, select));
    }
    let waiting = 0;
    for (const input of [this.search, this.problem]) {
      input.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => this.filter(), 80);
      });
    }
    document.getElementById("clear").addEventListener("click", () => {
      this.search.value = this.problem.value = "";
      this.query.facets = {};
      this.filter();
    });
  }

  /** Applies the filters anew; `stay`: the marked row stays where it is. */
  filter({ stay = false } = {}) {
    const began = performance.now();
    this.query.search = this.search.value;
    this.query.problem = this.problem.value;
    const marked = this.rows[this.at];
    const { rows, counts } = this.all.select(this.query);
    this.rows = rows;
    this.at = stay ? Math.max(0, rows.indexOf(marked)) : 0;
    this._options(counts);
    const unread = this.query.search.trim() && this.all.texts.length < this.all.count;
    const reading = unread ? `, ${Math.floor((100 * this.all.texts.length) / this.all.count)} % of the programs read` : "";
    this.count.textContent = `${rows.length.toLocaleString("en")} of ${this.all.count.toLocaleString("en")} completions${reading}`;
    this.inner.style.height = `${Math.min(TALLEST, rows.length * ROW_HEIGHT)}px`;
    if (!stay) this.view.scrollTop = 0;
    this.draw();
    this.lastFilterMs = performance.now() - began;
  }

  _options(counts) {
    for (const [name, select] of Object.entries(this.selects)) {
      const words = this.all.words[FACETS[name][0]];
      const wanted = this.query.facets[name];
      const numbers = [...words.keys()].filter((number) => counts[name][number] || number === wanted);
      if (name === "moment") numbers.sort((a, b) => inTime(words[a], words[b]));
      else if (name !== "run") numbers.sort((a, b) => counts[name][b] - counts[name][a]);
      const options = numbers.map((number) => new Option(`${words[number]} (${counts[name][number].toLocaleString("en")})`, number, false, number === wanted));
      select.replaceChildren(new Option("all", "", false, wanted === undefined), ...options);
      select.parentElement.hidden = words.length < (name === "run" ? 2 : 1);
    }
  }

  /** Draws the rows that are on the screen. */
  draw() {
    const { rows, view } = this;
    const shown = Math.ceil(view.clientHeight / ROW_HEIGHT) + 2;
    const whole = rows.length * ROW_HEIGHT;
    const room = Math.max(1, Math.min(TALLEST, whole) - view.clientHeight);
    // Where the list is taller than TALLEST, a pixel of the bar stands for several of the list.
    const top = whole > TALLEST ? (view.scrollTop / room) * (whole - view.clientHeight) : view.scrollTop;
    const first = Math.max(0, Math.min(rows.length - shown, Math.floor(top / ROW_HEIGHT)));
    const offset = view.scrollTop - (top - first * ROW_HEIGHT);
    const items = [];
    for (let index = first; index < Math.min(rows.length, first + shown); index++) items.push(this._item(index));
    const box = make("div", "drawn", { role: "presentation" }, ...items);
    box.style.transform = `translateY(${offset}px)`;
    this.inner.replaceChildren(box);
    const marked = document.getElementById(`row-${rows[this.at]}`);
    if (marked) view.setAttribute("aria-activedescendant", marked.id);
    else view.removeAttribute("aria-activedescendant");
  }

  _item(index) {
    const { all } = this;
    const row = this.rows[index];
    const outcome = all.word("outcome", row);
    const run = all.words.run.length > 1 ? `${all.words.run[all.run[row]]}, ` : "";
    const score = all.score[row] === null ? "" : `score ${few(all.score[row])}`;
    const item = make("div", index === this.at ? "row marked" : "row", {
      id: `row-${row}`, role: "option", "aria-selected": String(index === this.at),
      "aria-posinset": String(index + 1), "aria-setsize": String(this.rows.length),
    },
      make("span", "line", {}, make("span", `outcome ${outcome}`, {}, outcome), make("span", "task", {}, all.word("task", row)), make("span", "when", {}, run + all.word("moment", row)), make("span", "score", {}, score)),
      make("span", "told", {}, all.word("told", row) || "\u00a0"));
    item.dataset.index = index;
    return item;
  }

  /** Marks a row, brings it into view, and opens it where that is wanted. */
  choose(index, opened = false) {
    if (!this.rows.length) return;
    this.at = Math.max(0, Math.min(this.rows.length - 1, index));
    const whole = this.rows.length * ROW_HEIGHT;
    const scale = whole > TALLEST ? (TALLEST - this.view.clientHeight) / (whole - this.view.clientHeight) : 1;
    const top = this.at * ROW_HEIGHT * scale;
    if (top < this.view.scrollTop) this.view.scrollTop = top;
    else if (top + ROW_HEIGHT > this.view.scrollTop + this.view.clientHeight) this.view.scrollTop = top + ROW_HEIGHT - this.view.clientHeight;
    this.draw();
    if (opened) this.open(this.rows[this.at]);
  }

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.view.clientHeight / ROW_HEIGHT) - 1);
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined) this.choose(this.at + by);
    else if (event.key === "Enter" || event.key === " ") this.choose(this.at, true);
    else return;
    event.preventDefault();
  }
}
