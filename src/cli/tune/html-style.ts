/** Colours by theme; text on its ground has a contrast of at least 4.5 in both. */
export const htmlStyle = `
:root { color-scheme: light dark; --ground: #fff; --card: #f6f7f9; --ink: #1c2530; --quiet: #5b6674; --line: #d9dee4; --accent: #1d5fbf; --exact: #5b7fae; --meaning: #2f9e77; --wrong: #c8442f; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --card: #1d232a; --ink: #e6eaef; --quiet: #9aa6b4; --line: #323b46; --accent: #7db0ff; --exact: #6f93c4; --meaning: #4cc29a; --wrong: #f0775f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p, ul { margin: .5rem 0; } .quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
pre { margin: .75rem 0 0; overflow-x: auto; font: .9rem/1.5 ui-monospace, monospace; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; } .tile { flex: 1 1 9rem; } .tile b { display: block; font-size: 1.5rem; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .tick, svg .hint, svg .axis { fill: var(--quiet); }
.grid { stroke: var(--line); } .line { fill: none; stroke: var(--meaning); stroke-width: 2; } .mark circle { fill: var(--meaning); } .mark.suggested circle { fill: var(--ground); stroke: var(--accent); stroke-width: 3; }
.measured line { stroke: var(--wrong); } .measured circle { fill: var(--ground); stroke: var(--wrong); stroke-width: 2; } .goal { stroke: var(--accent); stroke-dasharray: 4 4; } .base { stroke: var(--exact); stroke-dasharray: 2 4; }
rect.exact, .key.exact { fill: var(--exact); background: var(--exact); } rect.meaning, .key.meaning { fill: var(--meaning); background: var(--meaning); } rect.wrong, .key.wrong { fill: var(--wrong); background: var(--wrong); }
.key { display: inline-block; width: .75em; height: .75em; margin: 0 .35em 0 .8em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, td:last-child { text-align: left; } tr.suggested td { font-weight: 600; }
details { margin: .5rem 0; border-bottom: 1px solid var(--line); padding-bottom: .5rem; } summary { cursor: pointer; }
ol.pairs { list-style: none; padding: 0; } ol.pairs li { padding: .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
mark { background: none; color: var(--wrong); text-decoration: underline; text-underline-offset: .2em; font-weight: 600; } .truth { font-weight: 600; } .truth.other { color: var(--wrong); }
`;
