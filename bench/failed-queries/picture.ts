import type { Figures, RunFigures } from "./figures";

const size = { width: 720, height: 340 };
const plot = { left: 62, right: 700, top: 84, bottom: 276 };

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 }
  .note { fill: #59636e }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .grid { stroke: #d1d9e0 }
  .rotation { stroke: #59636e; stroke-dasharray: 4 4 }
  .line { fill: none; stroke-width: 3; stroke-linejoin: round }
  .without { stroke: #cf222e }
  .with { stroke: #1a7f37 }
  .area { fill: #cf222e; opacity: 0.12 }
  text.without { fill: #cf222e; stroke: none; font-weight: 600 }
  text.with { fill: #1a7f37; stroke: none; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .page { fill: #0d1117; stroke: #3d444d }
    .grid { stroke: #3d444d }
    .rotation { stroke: #9198a1 }
    .without { stroke: #ff7b72 }
    .with { stroke: #3fb950 }
    .area { fill: #ff7b72; opacity: 0.18 }
    text.without { fill: #ff7b72 }
    text.with { fill: #3fb950 }
  }
`;

/** The picture of the figures: an SVG with its own background, legible on light and dark pages. */
export function picture(figures: Figures): string {
  const { withRecycler, withoutRecycler } = figures;
  const seconds = withoutRecycler.overTime.length;
  const highest = Math.max(...[withRecycler, withoutRecycler].flatMap(failures));
  const top = Math.max(10, Math.ceil(highest / 10) * 10);
  const x = (second: number): number => round(plot.left + (second / seconds) * (plot.right - plot.left));
  const y = (failed: number): number => round(plot.bottom - (failed / top) * (plot.bottom - plot.top));

  const steps = (run: RunFigures): string =>
    failures(run)
      .map((failed, second) => `${second === 0 ? `M${x(0)} ` : "V"}${y(failed)}H${x(second + 1)}`)
      .join("");
  const across = (failed: number): string => `
    <path class="grid" d="M${plot.left} ${y(failed)}H${plot.right}"/>
    <text x="${plot.left - 10}" y="${y(failed) + 4}" text-anchor="end">${failed}</text>`;
  const under = (second: number): string => `
    <text x="${x(second)}" y="${plot.bottom + 20}" text-anchor="middle">${second}</text>`;
  // Like the queries, a rotation is drawn at the start of its second.
  const rotation = (second: number, index: number): string => `
    <path class="rotation" d="M${x(Math.floor(second))} ${plot.top - 10}V${plot.bottom}"/>
    <text class="note" x="${x(Math.floor(second)) + 6}" y="${plot.top - 2}">rotation ${index + 1}</text>`;
  const label = ({ queries }: RunFigures): string => `${queries.failed} of ${queries.total} queries failed`;
  const labelX = x(Math.floor(withoutRecycler.rotations[1] ?? seconds)) - 14;

  const description =
    `Two runs of the demonstration over ${seconds} seconds, measured on ${figures.measured}. ` +
    `Without the recycler ${label(withoutRecycler)}, from the second rotation on. ` +
    `With the recycler ${label(withRecycler)}.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-labelledby="title description">
  <title id="title">Failed queries per second, with and without the recycler</title>
  <desc id="description">${description}</desc>
  <style>${style}</style>
  <rect class="page" x="0.5" y="0.5" width="${size.width - 1}" height="${size.height - 1}" rx="6"/>
  <text class="title" x="20" y="30">Failed queries per second, with and without the recycler</text>
  <text class="note" x="20" y="52">Rotations alternate between two database users: the old password works until the second rotation.</text>
  <g>${[0, top / 2, top].map(across).join("")}
  </g>
  <g>${ticks(seconds).map(under).join("")}
    <text class="note" x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 46}" text-anchor="middle">seconds since the first rotation</text>
    <text class="note" transform="translate(18 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">failed queries per second</text>
  </g>
  <g>${withoutRecycler.rotations.map(rotation).join("")}
  </g>
  <path class="area" d="${steps(withoutRecycler)}V${y(0)}H${x(0)}Z"/>
  <path class="line without" d="${steps(withoutRecycler)}"/>
  <path class="line with" d="${steps(withRecycler)}"/>
  <text class="without" x="${labelX}" y="${y(top / 2) - 30}" text-anchor="end">without the recycler</text>
  <text class="without" x="${labelX}" y="${y(top / 2) - 12}" text-anchor="end">${label(withoutRecycler)}</text>
  <text class="with" x="${labelX}" y="${y(0) - 30}" text-anchor="end">with the recycler</text>
  <text class="with" x="${labelX}" y="${y(0) - 12}" text-anchor="end">${label(withRecycler)}</text>
</svg>
`;
}

function failures({ overTime }: RunFigures): number[] {
  return overTime.map(({ failed }) => failed);
}

/** Every fifth second. */
function ticks(seconds: number): number[] {
  return Array.from({ length: Math.floor(seconds / 5) + 1 }, (_, index) => index * 5);
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
