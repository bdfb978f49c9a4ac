# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How the page looks: light, dark, on paper, from a telephone to a wall."""

STYLE = """
:root{--ink:#1b2230;--soft:#535d6e;--line:#dfe4ec;--paper:#f4f6fa;--card:#fff;--accent:#1f5fc4;--bar:#5b8def;--track:#e3e8f0;
--good:#146c35;--bad:#b3261e;--warn:#845300;--goodbg:#e6f4ea;--badbg:#fdeceb;--warnbg:#fff4df;--edge:#8b97aa;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf2;--soft:#a4aec0;--line:#2d3646;--paper:#11151d;--card:#1a202b;--accent:#86b4ff;
--bar:#5b8def;--track:#2a3342;--good:#6fdc97;--bad:#ff9c94;--warn:#f4c36a;--goodbg:#13301f;--badbg:#3a1a18;--warnbg:#35280f;--edge:#6b778b}
}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:3.5rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",Arial,sans-serif}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.6rem}
h1{font-size:1.5rem;margin:0}
h2{font-size:1.1rem;margin:0 0 .6rem}
h3{font-size:.95rem;margin:1.1rem 0 .3rem}
p{margin:.35rem 0}
a{color:var(--accent)}
header p,.soft,small{color:var(--soft)}small,li,dd,dt,summary,.told{overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:2}
nav{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--line);z-index:1;margin-top:.8rem}
nav ul{list-style:none;display:flex;gap:.2rem 1.1rem;flex-wrap:wrap;max-width:1180px;margin:0 auto;padding:.5rem 1.25rem;font-size:.88rem}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem;margin-top:1rem}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:1rem;margin-top:1rem}
.answers section{margin:0;border-left-width:6px}
.answers h2{font-size:.86rem;color:var(--soft);font-weight:600;margin:0}
.answers .told{font-size:1.12rem;font-weight:650;margin:.25rem 0}
.good{border-left-color:var(--good)}.warn{border-left-color:var(--warn)}.bad{border-left-color:var(--bad)}
.mark{display:inline-block;min-width:1.5em;padding:0 .4em;border-radius:1em;text-align:center;font-weight:700;margin-right:.35rem}
.good .mark,.mark.good{color:var(--good);background:var(--goodbg)}.warn .mark,.mark.warn{color:var(--warn);background:var(--warnbg)}
.bad .mark,.mark.bad{color:var(--bad);background:var(--badbg)}
dl.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.8rem 1rem;margin:0}
dl.numbers div{display:flex;flex-direction:column-reverse;justify-content:flex-end;min-width:0}
dl.numbers dd{margin:0;font-size:1.35rem;font-weight:650;font-variant-numeric:tabular-nums}
dl.numbers dt{color:var(--soft);font-size:.86rem}
ol.steps{margin:0;padding-left:1.4rem}ol.steps>li{margin:.7rem 0}ol.steps b{font-weight:650}
.command{display:flex;gap:.5rem;align-items:flex-start;margin:.4rem 0}
.command pre{flex:1;min-width:0;margin:0;padding:.5rem .7rem;background:var(--paper);border:1px solid var(--line);border-radius:8px;
white-space:pre-wrap}
button,input,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.3rem .6rem}
button{cursor:pointer}button:hover{border-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.tools{display:flex;flex-wrap:wrap;gap:.5rem .8rem;align-items:center;margin:.5rem 0}
.tools label{display:flex;gap:.4rem;align-items:center;min-width:0}.tools input{width:15rem;max-width:100%;min-width:0}
.scroll{overflow-x:auto;max-width:100%}td .scroll{contain:inline-size}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;font-size:.82rem;white-space:nowrap}
th button{border:0;padding:0;background:none;font-weight:600}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
td.wide{min-width:12rem}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td small,details>small,.problem li small{display:block;overflow-wrap:anywhere}td details{margin:0}.problem li{margin:.5rem 0}
.failed,.held{color:var(--bad)}.copied{color:var(--good)}
ul.plain{list-style:none;margin:.3rem 0;padding:0}
details{margin:.3rem 0}summary{cursor:pointer}
.problem{border-left:4px solid var(--bad);padding-left:.8rem;margin:.8rem 0}
.note{border-left:4px solid var(--warn);padding-left:.8rem;margin:.5rem 0}
.parts{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.5rem 2rem}
.parts li{margin:.45rem 0}.parts .name{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;font-size:.88rem}
.parts .name span{overflow-wrap:anywhere;min-width:0}.parts .name span:last-child{color:var(--soft)}
svg.share{display:block;width:100%;height:6px}.track{fill:var(--track)}.bar{fill:var(--bar)}.bar.bad{fill:var(--bad)}
.bar.idle{fill:var(--edge)}
.charts{display:flex;flex-wrap:wrap;gap:1rem 2.5rem}.charts figure{margin:0;min-width:0}
.charts figcaption{color:var(--soft);font-size:.86rem}
svg.bars{max-width:100%;height:auto}
svg.graph{display:block}
svg.graph text{font-size:12px;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
svg.graph text.lane{font-weight:700;font-size:13px}svg.graph text.absent{fill:var(--soft)}svg.graph text.failed{fill:var(--bad)}
.edge{fill:none;stroke:var(--edge);stroke-width:1.4}.edge.conditional{stroke:var(--warn);stroke-dasharray:5 4}
.edge.skips{stroke-dasharray:2 3}.edge.way{stroke:var(--accent);stroke-width:3.5}
.gap{fill:none;stroke:var(--bad);stroke-width:3;stroke-dasharray:1 6;
stroke-linecap:round}
.edge:hover{stroke-width:4}
.node{stroke-width:2}.node.mirrored{fill:var(--accent);stroke:var(--accent)}.node.absent{fill:var(--card);stroke:var(--edge)}
.node.failed{fill:var(--badbg);stroke:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;color:var(--soft);font-size:.84rem;margin:.4rem 0}
.legend svg{vertical-align:middle;margin-right:.35rem}
footer{color:var(--soft);font-size:.85rem;margin-top:1.5rem;padding-bottom:3rem}
@media (max-width:520px){header,main,footer,nav ul{padding-left:.8rem;padding-right:.8rem}section{padding:.9rem}
.command{flex-direction:column}
.command pre{width:100%}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#bbb;--accent:#1f5fc4;--edge:#777;font-size:11px}
body{font-size:1rem}
nav,.tools,.command button,.skip,.files{display:none}header,main,footer{max-width:none;padding:0}
section{break-inside:avoid-page;border-radius:0}
section.long{break-inside:auto}tr,figure,svg{break-inside:avoid}.scroll{overflow:visible}svg.graph{max-width:100%;height:auto}}
"""
