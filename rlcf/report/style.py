"""The look of the report: one style sheet, light and dark by the reader's own setting, no fonts to fetch."""

CSS = """
:root { color-scheme: light dark; --ink: #1d2126; --soft: #667079; --rule: #dde1e5; --paper: #fff;
  --panel: #f6f7f9; --c0: #0b6fb8; --c1: #d9770a; --c2: #12875a; --c3: #8a4fbf;
  --up: #12794f; --down: #b3382c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ea; --soft: #98a2ab; --rule: #343b42; --paper: #15181c; --panel: #1d2126;
    --c0: #5aaeea; --c1: #f0a04b; --c2: #4cc795; --c3: #bd92ea; --up: #55cf9c; --down: #f0857a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 68rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.12rem; margin: 2.6rem 0 .8rem; }
p, .note { max-width: 46rem; }
h2 + .note { margin: -.5rem 0 .8rem; }
.lead { margin: 0; font-size: 1.05rem; }
.note { color: var(--soft); font-size: .9rem; margin: .6rem 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem 1.4rem .35rem 0; vertical-align: top; white-space: nowrap; }
thead th { font-weight: 600; border-bottom: 1px solid var(--ink); }
tbody tr.first > * { border-top: 1px solid var(--rule); padding-top: .6rem; }
thead + tbody tr.first:first-child > * { border-top: 0; }
tbody th { font-weight: 600; }
td i { font-style: normal; color: var(--soft); font-size: .86em; }
.up { color: var(--up); font-weight: 600; } .down { color: var(--down); font-weight: 600; }
.grid-of-charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr));
  gap: 1.6rem 1.8rem; }
figure { margin: 0; } figcaption { font-weight: 600; font-size: .92rem; }
svg { display: block; width: 100%; height: auto; margin-top: .25rem; overflow: visible; }
.grid { stroke: var(--rule); stroke-width: 1; }
.tick { font: 11px system-ui, sans-serif; fill: var(--soft); }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.faint { opacity: .28; stroke-width: 1; }
.line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); }
.line.c3 { stroke: var(--c3); }
rect.c0 { fill: var(--c0); } rect.c1 { fill: var(--c1); }
.keys { display: flex; flex-wrap: wrap; gap: 0 1rem; min-height: 1.5em;
  font-size: .82rem; color: var(--soft); }
.key i { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .4em; }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); }
i.c3 { background: var(--c3); }
.sample { border-top: 1px solid var(--rule); padding: 1rem 0; }
.sample h3 { font-size: .95rem; margin: 0 0 .5rem; } .sample h3 span { font-weight: 400; color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
.pair h4 { margin: 0 0 .3rem; font-size: .85rem; font-weight: 400; color: var(--soft); }
.outcome { font-weight: 600; color: var(--down); } .outcome.passed { color: var(--up); }
pre { margin: 0; padding: .7rem .8rem; background: var(--panel); border-radius: 5px; overflow-x: auto;
  max-height: 24rem; font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; tab-size: 4; }
.why { font-size: .84rem; color: var(--soft); margin: .35rem 0 0; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--soft); margin-bottom: .6rem; }
@media print { pre { max-height: none; } }
"""
