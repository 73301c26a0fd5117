"use strict";
// The page: reads what it holds, or asks where it came from while the training runs, and ties the parts together.

const ASK_EVERY_MS = 1500;

async function start() {
  const held = await unpacked(document.getElementById("held").textContent);
  const all = new Completions(held.runs);
  const charts = new Charts(document.getElementById("curves"));
  const list = new List(all, (row) => view.open(row));
  const view = new ProgramView(all, document.getElementById("program"), {
    step: (by) => (tabs.comparing() ? comparison.step(view.row, by) : list.choose(list.rows.indexOf(view.row) + by, true)),
    closed: () => (tabs.comparing() ? comparison.kind : list.view).focus({ preventScroll: true }),
  });
  const comparison = new Comparison(all, (row, beside) => view.open(row, beside));
  const tabs = keys(list, view, comparison);

  charts.show(held.charts, held.runs);
  /** Takes blocks, shows them, and then reads their texts. */
  const take = async (blocks) => {
    for (const block of blocks) await all.add(block);
    list.filter({ stay: true });
    problems(all);
    if (tabs.comparing()) comparison.refresh();
    performance.mark("rows");
    await all.readTexts(() => list.query.search.trim() && list.filter({ stay: true }));
    performance.mark("texts");
  };
  const blocks = [...document.querySelectorAll("script.block")].map((element) => {
    const block = JSON.parse(element.textContent);
    element.remove(); // or the page would hold it twice
    return block;
  });
  const empty = !blocks.length && !held.live;
  document.getElementById("completions").hidden = empty;
  await take(blocks);
  if (held.live) await follow(take, charts, held.runs);
}

/** Names of problems to choose from. */
function problems(all) {
  const names = document.getElementById("problem-names");
  const known = names.children.length;
  names.append(...all.words.task.slice(known, 5000).map((name) => new Option("", name)));
}

/** Asks for what is new until the training has ended. */
async function follow(take, charts, runs) {
  const told = document.getElementById("live");
  let [from, version, generation] = [0, -1];
  for (;;) {
    let found;
    try {
      found = await (await fetch(`state?from=${from}&version=${version}`)).json();
    } catch {
      told.textContent = "The server has ended.";
      return;
    }
    if (found.generation !== (generation ??= found.generation)) return location.reload(); // rows were taken back
    from += found.blocks.length;
    if (found.version !== version) {
      version = found.version;
      charts.show(found.charts, runs);
      // Made and escaped by the server, as the page itself is.
      document.getElementById("results").innerHTML = found.results;
    }
    if (found.blocks.length) await take(found.blocks);
    told.textContent = found.ended ? "The training has ended; rlcf report writes this page." : `Training: ${found.progress}`;
    if (found.ended) return;
    await new Promise((go) => setTimeout(go, ASK_EVERY_MS));
  }
}

/** The keys of the whole page, and the two tabs: all completions, and two sets of them compared. */
function keys(list, view, comparison) {
  const buttons = [document.getElementById("tab-list"), document.getElementById("tab-compare")];
  const panels = [document.getElementById("panel-list"), document.getElementById("panel-compare")];
  const choose = (at) => {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === at));
      button.tabIndex = index === at ? 0 : -1;
      panels[index].hidden = index !== at;
    });
    if (at === 1) comparison.refresh();
    else list.draw();
  };
  buttons.forEach((button, at) => {
    button.addEventListener("click", () => choose(at));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      choose(1 - at);
      buttons[1 - at].focus();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && view.row !== null) view.close();
    if (event.key !== "/") return;
    event.preventDefault();
    choose(0);
    list.search.focus();
  });
  return { comparing: () => buttons[1].getAttribute("aria-selected") === "true" };
}

document.addEventListener("DOMContentLoaded", () => start());
