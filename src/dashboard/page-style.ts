/** Colours follow the reader's system. */
export const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #1a7f37; --dim: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --dim: #9ca3af; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
h2 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
p { margin: .25rem 0; }
.dim { color: var(--dim); }
#cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .75rem; margin-top: 1rem; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.wide { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.hit { color: var(--good); font-weight: 600; }
#notice { border: 1px solid var(--line); background: var(--soft); border-radius: .5rem; padding: .8rem; margin-top: 1rem; }
[hidden] { display: none; }
input, button { font: inherit; padding: .3rem .6rem; }
`;
