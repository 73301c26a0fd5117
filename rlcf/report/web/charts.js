"use strict";
// The learning curves, by uPlot: lines over steps, with a running mean over the faint raw line where there are many
// points, and stacks of a step's time. Colours are the style sheet's, so that a page turned dark is drawn anew.

const MANY_POINTS = 40;
const CHART_HEIGHT = 190;
const COLOURS = 7;

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Charts {
  constructor(place) {
    this.place = place;
    this.charts = [];
    this.drawn = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    let width = place.clientWidth;
    new ResizeObserver(() => {
      if (place.clientWidth !== width) (width = place.clientWidth), this.draw();
    }).observe(place);
  }

  /** Shows charts; those that have the same lines as before get further points and stay as they are. */
  show(charts, runNames) {
    const shape = JSON.stringify(charts.map((chart) => [chart.title, chart.lines.map((line) => [line.name, line.x.length > MANY_POINTS])]));
    const same = shape === this.shape;
    Object.assign(this, { charts, shape, runs: runNames });
    if (same) charts.forEach((chart, at) => this.drawn[at].setData(this._parts(chart).data));
    else this.draw();
  }

  _parts(chart) {
    return chart.stacked ? this._stack(chart) : this._lines(chart);
  }

  draw() {
    for (const chart of this.drawn) chart.destroy();
    this.drawn = [];
    this.place.replaceChildren();
    document.getElementById("curves-section").hidden = !this.charts.length;
    for (const chart of this.charts) {
      const figure = make("figure", "", {}, make("figcaption", "", {}, chart.title));
      this.place.append(figure);
      this.drawn.push(this._draw(chart, figure));
    }
  }

  _draw(chart, figure) {
    const { data, series, bands } = this._parts(chart);
    const ink = variable("--soft");
    const rule = { stroke: variable("--rule"), width: 1 };
    const axis = { stroke: ink, grid: rule, ticks: rule, font: "11px system-ui, sans-serif" };
    const last = chart.lines.map((line) => `${this._name(line)} ${few(line.y[line.y.length - 1])}`).join(", ");
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", `${chart.title}; at the end: ${last}`);
    return new uPlot({
      width: figure.clientWidth,
      height: CHART_HEIGHT,
      scales: { x: { time: false }, y: { range: (_, low, high) => uPlot.rangeNum(chart.stacked ? 0 : low, high, 0.1, true) } },
      axes: [{ ...axis, space: 60 }, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => few(tick, 4)) }],
      series: [{ label: "step" }, ...series],
      bands,
      cursor: { y: false, drag: { x: true, y: false } },
      legend: { live: true },
    }, data, figure);
  }

  _name(line) {
    return this.runs.length > 1 ? `${this.runs[line.run]}: ${line.name}` : line.name;
  }

  _lines(chart) {
    const xs = [...new Set(chart.lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    const series = [];
    const data = [xs];
    chart.lines.forEach((line, at) => {
      const stroke = variable(`--c${at % COLOURS}`);
      const many = line.x.length > MANY_POINTS;
      const points = { show: line.x.length === 1 };
      if (many) {
        data.push(aligned(xs, line.x, line.y));
        series.push({ label: `${this._name(line)}, raw`, class: "raw", stroke: `${stroke}48`, width: 1, points });
      }
      data.push(aligned(xs, line.x, many ? smoothed(line.y) : line.y));
      series.push({ label: this._name(line), stroke, width: 1.8, points, spanGaps: true, value: (_, value) => few(value) });
    });
    return { data, series };
  }

  _stack(chart) {
    const xs = [...new Set(chart.lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    const data = [xs];
    const series = [];
    let below = xs.map(() => 0);
    chart.lines.forEach((line, at) => {
      const own = aligned(xs, line.x, line.y);
      below = below.map((sum, index) => sum + (own[index] || 0));
      data.push(below);
      const stroke = variable(`--c${at % COLOURS}`);
      series.push({
        label: line.name, stroke, fill: `${stroke}66`, width: 1, points: { show: xs.length === 1 },
        value: ({ data: drawn }, value, number, index) => {
          if (index === null || index === undefined) return "–";
          return `${few(drawn[number][index] - (number + 1 < drawn.length ? drawn[number + 1][index] : 0))} s`;
        },
      });
    });
    // The uppermost first; each is filled down to the next, the last one to 0.
    series.reverse();
    const bands = series.slice(1).map((_, at) => ({ series: [at + 1, at + 2], fill: series[at].fill }));
    return { data: [xs, ...data.slice(1).reverse()], series, bands };
  }
}

/** Values at `xs`; null where a line has none. */
function aligned(xs, x, y) {
  const found = new Map(x.map((at, index) => [at, y[index]]));
  return xs.map((at) => (found.has(at) ? found.get(at) : null));
}

/** A running mean over about a twentieth of the line, unbiased at its start. */
function smoothed(values) {
  const keep = 1 - 1 / Math.max(2, values.length / 20);
  let [total, weight] = [0, 0];
  return values.map((value) => {
    total = keep * total + value;
    weight = keep * weight + 1;
    return total / weight;
  });
}
