"use strict";
// Java as elements: lines with numbers, colours of Prism's tokens, what the signal says of places, and messages on
// their lines. Everything becomes text nodes: nothing that a model wrote is read as HTML.

/** Characters that are coloured; what is longer is shown plainly. */
const LONGEST_COLOURED = 40000;

/** An element with a class, attributes or properties, and children: elements and texts. */
function make(tag, classes = "", properties = {}, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Pieces [start, end, kind] of Java, by Prism; a piece within another has the inner kind. */
function coloured(text) {
  if (text.length > LONGEST_COLOURED) return [];
  const pieces = [];
  let at = 0;
  const walk = (token, kind) => {
    if (typeof token === "string") {
      if (kind) pieces.push([at, at + token.length, kind]);
      at += token.length;
    } else if (Array.isArray(token)) {
      for (const one of token) walk(one, kind);
    } else {
      walk(token.content, token.type);
    }
  };
  walk(Prism.tokenize(text, Prism.languages.java), "");
  return pieces;
}

/** From indices of code points to those of JavaScript's characters. */
function placer(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (index) => Math.min(index, text.length);
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (index) => (index < starts.length ? starts[index] : text.length);
}

/**
 * A program as a list of lines. `prompt` comes first, without numbers. `said`: texts by line of the completion.
 * `covered`: lines that ran. `places`: spans [start, end, value], one place with a score, stretches that are learnt
 * from, all in code points of the completion.
 */
function sourceLines(prompt, completion, { said = new Map(), covered = null, places = {} } = {}) {
  const text = prompt + completion;
  const marks = marksOf(text, prompt.length, completion, places);
  const list = make("ol", "source", { "aria-label": "program" });
  // A prompt that ends within a line is the beginning of line 1.
  const before = prompt.split("\n").length - 1;
  let start = 0;
  text.split("\n").forEach((line, at) => {
    const number = at - before + 1;
    const messages = (number > 0 && said.get(number)) || [];
    const last = start + line.length === text.length && line === "" && !messages.length;
    if (!last || number === 1) {
      const code = make("code", "", {}, ...pieces(text, start, start + line.length, marks));
      const ran = number > 0 && covered && covered.has(number);
      const gutter = make("span", ran ? "line-number ran" : "line-number", ran ? { title: "was executed" } : {}, number > 0 ? `${number}` : "");
      const item = make("li", messages.length ? "wrong" : "", {}, gutter, code);
      for (const message of messages) item.append(make("p", "message", {}, message));
      list.append(item);
    }
    start += line.length + 1;
  });
  return list;
}

/** All that holds for stretches of the text: [start, end, what to do to the piece's element]. */
function marksOf(text, from, completion, { spans = [], place, score, learnt }) {
  const at = placer(completion);
  const marks = coloured(text).map(([start, end, kind]) => [start, end, (piece) => piece.classList.add("token", kind)]);
  if (from) marks.push([0, from, (piece) => piece.classList.add("asked")]);
  const largest = Math.max(...spans.map(([, , value]) => Math.abs(value)), 1e-9);
  for (const [start, end, value] of spans) {
    marks.push([from + at(start), from + at(end), (piece) => {
      piece.classList.add(value < 0 ? "punished" : "paid");
      piece.style.setProperty("--part", (0.12 + 0.25 * Math.abs(value) / largest).toFixed(2));
      piece.title = `${value < 0 ? "−" : "+"}${Math.abs(value).toPrecision(3)} a token`;
    }]);
  }
  if (place !== undefined && place !== null) {
    marks.push([from + at(place), from + Math.max(at(place) + 1, at(place + 1)), (piece) => {
      piece.classList.add("placed");
      piece.title = `the score ${score} belongs to the token here`;
    }]);
  }
  if (learnt) {
    let end = 0;
    for (const [start, stop] of [...learnt, [Infinity, Infinity]]) {
      const upTo = Math.min(at(start), completion.length);
      if (upTo > end) marks.push([from + end, from + upTo, (piece) => piece.classList.add("unlearnt")]);
      end = at(stop);
    }
  }
  return marks;
}

/** The elements of a line: a new one wherever a mark begins or ends. */
function pieces(text, start, end, marks) {
  const here = marks.filter(([from, to]) => from < end && to > start);
  const cuts = new Set([start, end]);
  for (const [from, to] of here) cuts.add(Math.max(from, start)).add(Math.min(to, end));
  const ordered = [...cuts].sort((a, b) => a - b);
  const found = [];
  for (let at = 0; at + 1 < ordered.length; at++) {
    const [from, to] = [ordered[at], ordered[at + 1]];
    const shown = text.slice(from, to);
    const doing = here.filter(([a, b]) => a <= from && b >= to);
    if (!doing.length) {
      found.push(shown);
      continue;
    }
    const piece = make("span", "", {}, shown);
    for (const [, , mark] of doing) mark(piece);
    found.push(piece);
  }
  return found;
}
