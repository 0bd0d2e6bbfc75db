"""How the page for people looks, in light and dark."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #55606c; --paper: #fff; --line: #d5dae0; --band: #f4f6f8;
  --link: #0b57a4; --good: #12652f; --bad: #a3161a; --waiting: #7a4b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --dim: #a5b0bb; --paper: #15191d; --line: #38414a;
  --band: #1d2329; --link: #7db9f2; --good: #7fd39b; --bad: #ff9c96; --waiting: #f0c070; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999em; } .skip:focus { left: 1rem; top: .5rem;
  background: var(--paper); padding: .5rem; }
header, main, footer { max-width: 82rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.25rem; }
header p { margin: 0; color: var(--dim); }
.brand { font-weight: 700; font-size: 1.15rem; color: var(--ink); text-decoration: none; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .75rem 0 0; padding: 0 0 .75rem;
  border-bottom: 1px solid var(--line); }
nav a { display: inline-block; padding: .25rem 0; }
nav a[aria-current] { color: var(--ink); font-weight: 700; text-decoration: none;
  border-bottom: 3px solid var(--link); }
h1 { font-size: 1.6rem; margin: 1.25rem 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; min-width: 54rem; font-size: .92rem; }
caption { text-align: left; padding: .5rem .75rem; color: var(--dim); }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem; border-top: 1px solid var(--line);
  overflow-wrap: break-word; }
td code { overflow-wrap: anywhere; }
td { min-width: 5rem; max-width: 34rem; } td.number, th.number { text-align: right;
  font-variant-numeric: tabular-nums; }
thead th { background: var(--band); font-weight: 600; white-space: nowrap; }
tbody tr:hover { background: var(--band); }
code { font: .86em ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
.state { white-space: nowrap; }
.state::before { content: "\\25CF\\00A0"; } .good { color: var(--good); } .bad { color: var(--bad); }
.waiting { color: var(--waiting); } .plain { color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.5rem; }
dt { color: var(--dim); } dd { margin: 0; }
form { display: inline-block; margin-right: .75rem; }
button { font: inherit; padding: .45rem 1rem; border: 1px solid var(--link); border-radius: .4rem; color: var(--link);
  background: var(--paper); cursor: pointer; }
footer { margin-top: 3rem; padding-bottom: 2rem; color: var(--dim); font-size: .9rem; }
"""
