#pragma once

#include <string_view>

namespace shardtype::detail {

/// What a plan's page adds to `page_style`; it ends the style.
inline constexpr std::string_view plan_page_style = R"(
:root { --wait: #c9ced6; --free: #eceff3; } @media (prefers-color-scheme: dark) { :root { --wait: #4a5361; --free: #232a34; } }
.behind { --c: #8e97a5; } .exposed { --c: var(--ink); }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } .note { font-size: .87rem; }
.figures { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem; margin: 1rem 0; } .figures b { display: block; font-size: 1.35rem;
  line-height: 1.2; font-variant-numeric: tabular-nums; } .figures span { color: var(--soft); font-size: .87rem; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .5rem 0; padding: 0; list-style: none; font-size: .9rem; }
.legend li { display: flex; gap: .5rem; align-items: baseline; } .legend i { flex: none; width: .8rem; height: .8rem; border-radius: 2px;
  background: var(--c); align-self: center; } .s { background: var(--c); } rect.s { fill: var(--c); }
.again { background-image: repeating-linear-gradient(45deg, transparent 0 3px, var(--paper) 3px 4.5px) !important; }
.axis-box { border: 1px solid var(--rule); border-radius: 6px; padding: .25rem .4rem .4rem; }
.axis-box > small { color: var(--soft); display: block; line-height: 1.4; white-space: nowrap; }
.mesh { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-start; } .mesh .mesh { gap: .35rem; }
.devices { display: flex; flex-wrap: wrap; gap: 3px; max-width: 19rem; } .devices span { min-width: 1.9rem; padding: 0 .15rem; box-sizing: border-box;
  height: 1.6rem; border-radius: 4px; background: var(--free); font: 12px/1.6rem system-ui, "DejaVu Sans", sans-serif; text-align: center; color: var(--ink); }
.more-of { color: var(--soft); align-self: center; font-size: .87rem; }
.unit { display: grid; grid-template-columns: 11rem 1fr; gap: .2rem .8rem; align-items: start; margin: .35rem 0; }
.unit > code { overflow-wrap: anywhere; font-size: .85rem; } .tiles { display: flex; flex-wrap: wrap; gap: 3px; }
.tile { width: 1.35rem; height: 1.35rem; border-radius: 3px; background-color: var(--c); outline-offset: 1px; }
.tile:hover, .tile:focus { outline: 2px solid var(--ink); } .tip { display: none; position: fixed; left: 0; right: 0; bottom: 0; z-index: 1;
  padding: .7rem 1.2rem; background: var(--paper); border-top: 2px solid var(--ink); font-size: .9rem; }
.tile:hover .tip, .tile:focus .tip { display: block; } .tiles:hover .tile:focus:not(:hover) .tip { display: none; }
.bar { position: relative; display: flex; height: 1.7rem; border-radius: 4px; overflow: hidden; background: var(--free); } .bar i { background: var(--c); min-width: 1px; }
.bar b { position: absolute; top: 0; bottom: 0; border-left: 3px solid var(--ink); }
.lanes { display: grid; grid-template-columns: auto 1fr; gap: .2rem .7rem; align-items: center; } .lanes > span { font-size: .87rem; color: var(--soft); }
.lanes svg { height: 1.9rem; border-radius: 3px; background: var(--free); } .sides { display: flex; font-size: .87rem; color: var(--soft); } .sides span { overflow: hidden;
  white-space: nowrap; border-left: 1px solid var(--soft); padding-left: .3rem; box-sizing: border-box; }
.ticks { position: relative; height: 1.4rem; font-size: .8rem; color: var(--soft); } .ticks span { position: absolute; transform: translateX(-50%);
  padding-top: .15rem; white-space: nowrap; } .ticks span::before { content: ""; position: absolute; left: 50%; top: -.15rem; height: .35rem; border-left: 1px solid; }
.ticks span:first-child { transform: none; } .ticks span:first-child::before { left: 0; } .ticks span:last-child { transform: translateX(-100%); }
.ticks span:last-child::before { left: 100%; }
.option { display: grid; grid-template-columns: 23rem 1fr; gap: .1rem 1rem; padding: .4rem 0; border-bottom: 1px solid var(--rule); }
.option code { font-size: .85rem; overflow-wrap: anywhere; } .option small { color: var(--soft); display: block; } .option.best { font-weight: 600; }
.option .length { height: .8rem; margin: .3rem 0 .15rem; border-radius: 3px; background: var(--c); min-width: 2px; }
.option.too_large .length { background: none; border: 1.5px dashed var(--c); box-sizing: border-box; }
pre { overflow-x: auto; font-size: .8rem; line-height: 1.45; border: 1px solid var(--rule); padding: .7rem; border-radius: 6px; } summary { cursor: pointer; color: var(--soft); margin: .6rem 0; }
#layers td:nth-child(2) { min-width: 15rem; white-space: normal; } #layers td:first-child { overflow-wrap: anywhere; }
@media (max-width: 1000px) { table { font-size: .82rem; } th, td { padding: .3rem .4rem; } }
@media (max-width: 700px) { .unit, .option { grid-template-columns: 1fr; } .tile { width: 1.15rem; height: 1.15rem; }
  .devices span { min-width: 1.12rem; padding: 0 .1rem; font-size: 10px; } .axis-box { padding: .2rem .3rem .3rem; } .legend { gap: .3rem 1rem; } }
</style>)";

}  // namespace shardtype::detail
