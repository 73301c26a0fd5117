"use strict";
// One program, or two beside each other: what it was asked, what the judge said on which line, the cases, the
// reference.

const few = (number, digits = 3) => (number === null || number === undefined ? "–" : String(+number.toPrecision(digits)));

/** Shows rows in an element; `all` has them. */
class ProgramView {
  constructor(all, place, { step, closed }) {
    this.all = all;
    this.place = place;
    this.row = null;
    this.beside = "reference"; // or the number of a row
    this.kept = null; // a row to set beside others
    this.step = step;
    this.closed = closed;
    place.addEventListener("keydown", (event) => {
      if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") this.close();
      else if (event.key === "j" || event.key === "ArrowRight") this.step(1);
      else if (event.key === "k" || event.key === "ArrowLeft") this.step(-1);
      else return;
      event.preventDefault();
    });
  }

  close() {
    this.row = null;
    this.place.replaceChildren();
    this.place.hidden = true;
    document.body.classList.remove("opened");
    this.closed();
  }

  /** Opens a row; `beside` another one, where that is wanted. */
  async open(row, beside) {
    if (beside !== undefined) this.beside = beside;
    else if (typeof this.beside === "number" && this.beside !== this.kept) this.beside = "reference";
    this.row = row;
    const one = await this.all.row(row);
    const other = typeof this.beside === "number" ? await this.all.row(this.beside) : null;
    if (this.row !== row) return; // another one was opened meanwhile
    const right = other ? this._side(other) : this.beside === "reference" ? this._reference(one) : null;
    const sides = make("div", right ? "sides two" : "sides", {}, this._side(one), right);
    const closing = make("button", "", { type: "button", "aria-label": "close" }, "Close");
    closing.addEventListener("click", () => this.close());
    this.place.hidden = false;
    this.place.replaceChildren(make("div", "bar", {}, this._stepping(), this._choice(one), closing), sides);
    this.place.scrollTop = 0;
    document.body.classList.add("opened");
    this.place.focus({ preventScroll: true });
    performance.mark("opened");
  }

  _stepping() {
    const buttons = [["Previous", -1], ["Next", 1]].map(([name, by]) => {
      const button = make("button", "", { type: "button" }, name);
      button.addEventListener("click", () => this.step(by));
      return button;
    });
    const keep = make("button", "", { type: "button", title: "then open another: this one stands beside it" }, "Keep beside");
    keep.addEventListener("click", () => this.open(this.row, (this.kept = this.row)));
    return make("span", "", {}, ...buttons, keep);
  }

  /** What stands beside: the reference, nothing, what was kept, the problem's other completions. */
  _choice(one) {
    const { all } = this;
    const options = [["reference", "the reference"], ["nothing", "nothing"]];
    const label = (row) => `${this._when(row)}: ${all.word("outcome", row)} (row ${row + 1})`;
    if (this.kept !== null) options.push([String(this.kept), `kept: ${all.word("task", this.kept)}, ${label(this.kept)}`]);
    const task = all.task[one.row];
    for (let row = 0; row < all.count && options.length < 200; row++) {
      if (all.task[row] === task && row !== one.row && row !== this.kept) options.push([String(row), label(row)]);
    }
    const chosen = String(this.beside);
    if (!options.some(([value]) => value === chosen)) options.push([chosen, label(this.beside)]);
    const select = make("select", "", { "aria-label": "beside it" });
    for (const [value, shown] of options) select.append(make("option", "", { value, selected: value === chosen }, shown));
    select.addEventListener("change", () => {
      this.beside = /^\d+$/.test(select.value) ? Number(select.value) : select.value;
      this.open(this.row, this.beside);
    });
    return make("label", "", {}, "beside it ", select);
  }

  _when(row) {
    const { all } = this;
    const run = all.words.run.length > 1 ? `${all.words.run[all.run[row]]}, ` : "";
    return run + all.word("moment", row);
  }

  _side(one) {
    const { all } = this;
    const outcome = all.word("outcome", one.row);
    const head = make("h3", "", {}, `${all.word("task", one.row)} `, make("span", `outcome ${outcome}`, {}, outcome));
    const { said, loose } = this._said(one, outcome);
    const lines = (one.cases || []).flatMap((found) => found.lines || []);
    const places = { spans: one.spans, place: one.place, score: few(all.score[one.row]), learnt: one.loss_spans };
    const source = sourceLines(one.prompt, one.completion, { said, covered: lines.length ? new Set(lines) : null, places });
    const notes = loose.map((text) => make("p", "message", {}, text));
    return make("section", "side", {}, head, make("p", "facts", {}, this._facts(one)), ...notes, source, this._key(one, lines), this._cases(one));
  }

  /** Messages by line, and those that have none. */
  _said(one, outcome) {
    const said = new Map();
    const loose = [];
    const total = one.completion.split("\n").length;
    const say = (line, text) => {
      if (!line || line > total) return loose.push(text);
      return said.set(line, [...(said.get(line) || []), text]);
    };
    for (const found of one.diagnostics || []) {
      const code = found.code ? ` [${found.code.replace(/^compiler\.err\./, "")}]` : "";
      say(found.line, `${found.file ? `${found.file}: ` : ""}${found.message}${code}`);
    }
    const thrown = one.exception;
    if (thrown) say(thrown.line, `${thrown.type}${thrown.message === null ? "" : `: ${thrown.message}`}`);
    if (one.detail) loose.push(one.detail);
    if (one.hint) loose.push(one.hint);
    if (outcome === "judge_error" || outcome === "suite_error") loose.push("This says nothing about the program.");
    return { said, loose };
  }

  _facts(one) {
    const { all } = this;
    const parts = Object.entries(one.parts || {}).filter(([, value]) => value);
    const named = parts.length ? ` (${parts.map(([name, value]) => `${name} ${few(value)}`).join(", ")})` : "";
    const facts = [
      this._when(one.row),
      all.score[one.row] === null ? "" : `score ${few(all.score[one.row])}${named}`,
      ...all.list("flags", one.row).map((flag) => `flag: ${flag}`),
      one.stopped === false ? "cut off" : "",
      one.fuel === undefined ? "" : `${one.fuel.toLocaleString("en")} bytecodes`,
      one.wall_ms === undefined ? "" : `${few(one.wall_ms)} ms, ${one.lane} lane`,
      one.extraction && one.extraction !== "none" ? `program found by: ${one.extraction}` : "",
    ];
    return facts.filter(Boolean).join(" · ");
  }

  /** What the colours mean, where there are any. */
  _key(one, lines) {
    const told = [
      one.spans && [make("span", "paid", {}, "credit"), " and ", make("span", "punished", {}, "blame"), " of tokens"],
      one.place !== undefined && [make("span", "placed", {}, "the token"), " that the score belongs to"],
      one.loss_spans && [make("span", "unlearnt", {}, "not learnt from")],
      lines.length > 0 && ["a bar beside a number: the line was executed"],
    ].filter(Boolean);
    return told.length ? make("p", "note key", {}, ...told.flatMap((words, at) => (at ? ["; ", ...words] : words))) : null;
  }

  /** Cases that did not pass, with what was called, what came out and what should have. */
  _cases(one) {
    const cases = one.cases || [];
    if (!cases.length) return null;
    const failing = cases.filter((found) => found.outcome !== "passed");
    const summary = `${cases.length - failing.length} of ${cases.length} cases passed`;
    const row = (found) => make("tr", "", {}, ...["name", "outcome", "call", "got", "expected"].map((name) =>
      make("td", name, {}, found[name] === undefined ? "–" : String(found[name]))));
    const head = make("tr", "", {}, ...["case", "outcome", "call", "got", "expected"].map((name) => make("th", "", {}, name)));
    const table = (rows) => make("div", "wide", { tabIndex: 0 }, make("table", "cases", {}, make("thead", "", {}, head.cloneNode(true)), make("tbody", "", {}, ...rows.map(row))));
    const more = failing.length > 3 ? make("details", "", {}, make("summary", "", {}, `${failing.length - 3} more`), table(failing.slice(3))) : null;
    return make("div", "", {}, make("h4", "", {}, summary), failing.length ? table(failing.slice(0, 3)) : null, more);
  }

  _reference(one) {
    if (one.reference === null) return null;
    const head = make("h3", "", {}, "Reference");
    return make("section", "side", {}, head, make("p", "facts", {}, "known to be right"), sourceLines(one.prompt, one.reference));
  }
}
