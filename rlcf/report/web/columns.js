"use strict";
// Completions as columns of numbers and dictionaries of words, filled block by block (rlcf/report/blocks.py), and
// the search for rows. Knows nothing of the page. Not covered: rows that change, or go.

/** What a base64 text of gzip and JSON means. */
async function unpacked(base64) {
  const bytes = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(base64)
    : Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/** Columns with one number a row, whose words are in the dictionary of the same name. */
const WORDS = ["moment", "task", "outcome", "exception", "told"];
/** Columns with several. */
const LISTS = { codes: "code", flags: "flag" };
/** What rows are filtered by: of each the name of its dictionary, and the numbers that a row has in it. */
const FACETS = {
  run: ["run", (all, row) => all.run[row]],
  moment: ["moment", (all, row) => all.moment[row]],
  outcome: ["outcome", (all, row) => all.outcome[row]],
  code: ["code", (all, row) => all.codes[row]],
  exception: ["exception", (all, row) => all.exception[row]],
  flag: ["flag", (all, row) => all.flags[row]],
};
const NONE = [];

class Completions {
  constructor(runNames) {
    this.count = 0;
    this.run = [];
    this.score = [];
    this.words = { run: runNames, code: [], flag: [], prompt: [], reference: [] };
    for (const name of WORDS) this[name] = [], (this.words[name] = []);
    for (const name of Object.keys(LISTS)) this[name] = [];
    this.blocks = []; // {from, rows, text, detail}, the last two packed until they are asked for
    this.texts = []; // of each row whose text was read: {completion, prompt, reference}
    this.searched = []; // of each such row what is searched, in lower case
    this.reading = Promise.resolve();
    this.found = { term: "", marks: null, upTo: 0 };
  }

  /** Takes a block's columns; its texts are read by `readTexts`. */
  async add(block) {
    const head = await unpacked(block.head);
    for (const [name, words] of Object.entries(head.new)) this.words[name].push(...words);
    for (let at = 0; at < block.rows; at++) {
      this.run.push(head.run);
      this.score.push(head.score[at]);
      for (const name of WORDS) this[name].push(head[name][at]);
      for (const name in LISTS) this[name].push(head[name][at].length ? head[name][at] : NONE);
    }
    this.blocks.push({ from: this.count, rows: block.rows, text: block.text, detail: block.detail });
    this.count += block.rows;
  }

  word(column, row) {
    const number = this[column][row];
    return number < 0 ? "" : this.words[column][number];
  }

  list(column, row) {
    return this[column][row].map((number) => this.words[LISTS[column]][number]);
  }

  /** Reads the texts of all blocks that are not read yet, one after the other; `told` after each. */
  readTexts(told = () => {}) {
    this.reading = this.reading.then(async () => {
      for (const block of this.blocks) {
        if (block.text === null) continue;
        const text = await unpacked(block.text);
        block.text = null;
        for (const column of ["prompt", "reference"]) this.words[column].push(...text.new[column]);
        for (let at = 0; at < block.rows; at++) {
          const row = block.from + at;
          const reference = text.reference[at];
          const completion = text.completion[at];
          this.texts.push({
            completion,
            prompt: this.words.prompt[text.prompt[at]],
            reference: reference < 0 ? null : this.words.reference[reference],
          });
          this.searched.push(`${completion}\n${this.word("task", row)}\n${this.word("told", row)}`.toLowerCase());
        }
        told();
        // The page stays quick: what was typed or clicked comes first.
        await new Promise((go) => setTimeout(go));
      }
    });
    return this.reading;
  }

  /** A row with its texts and evidence. */
  async row(row) {
    while (row >= this.texts.length) await this.readTexts();
    const block = this.blocks.find((one) => row < one.from + one.rows);
    block.read ??= unpacked(block.detail);
    const detail = (await block.read)[row - block.from];
    return { row, ...this.texts[row], ...detail };
  }

  /**
   * The rows that a query leaves, and how many rows each word of each facet would leave beside the other filters.
   * `query.facets`: the number of a word, or undefined; `query.search`: in completion, problem and message;
   * `query.problem`: in the problem's name.
   */
  select(query) {
    const names = Object.keys(FACETS);
    const wanted = names.map((name) => query.facets[name]);
    const counts = Object.fromEntries(names.map((name) => [name, new Uint32Array(this.words[FACETS[name][0]].length)]));
    const marks = this._search(query.search);
    const tasks = this._tasks(query.problem);
    const rows = [];
    for (let row = 0; row < this.count; row++) {
      if ((marks && !marks[row]) || (tasks && !tasks[this.task[row]])) continue;
      let missed = -1;
      let misses = 0;
      for (let at = 0; at < names.length && misses < 2; at++) {
        if (wanted[at] === undefined) continue;
        const has = FACETS[names[at]][1](this, row);
        if (typeof has === "number" ? has !== wanted[at] : !has.includes(wanted[at])) misses++, (missed = at);
      }
      if (misses > 1) continue;
      if (misses === 0) rows.push(row);
      for (let at = 0; at < names.length; at++) {
        if (misses && at !== missed) continue;
        const has = FACETS[names[at]][1](this, row);
        if (typeof has === "number") has >= 0 && counts[names[at]][has]++;
        else for (const number of has) counts[names[at]][number]++;
      }
    }
    return { rows, counts };
  }

  _search(term) {
    const wanted = term.trim().toLowerCase();
    if (!wanted) return null;
    if (this.found.term !== wanted) this.found = { term: wanted, marks: [], upTo: 0 };
    const { marks } = this.found;
    for (let row = this.found.upTo; row < this.searched.length; row++) marks.push(this.searched[row].includes(wanted));
    this.found.upTo = this.searched.length;
    return marks;
  }

  _tasks(part) {
    const wanted = part.trim().toLowerCase();
    if (!wanted) return null;
    const exact = this.words.task.some((task) => task.toLowerCase() === wanted);
    return this.words.task.map((task) => (exact ? task.toLowerCase() === wanted : task.toLowerCase().includes(wanted)));
  }
}
