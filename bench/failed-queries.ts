import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { runCommand } from "../demo/command";
import { runDemo, type DemoOptions, type DemoResult } from "../demo/run";
import { Terminal } from "../demo/terminal";
import { figuresOf } from "./failed-queries/figures";
import { picture } from "./failed-queries/picture";

const usage = `npm run bench:failed-queries

Runs the demonstration with and without the recycler, with the same rotations
under the same load, and writes what it counted:

  docs/images/failed-queries.json  the queries of each second
  docs/images/failed-queries.svg   the picture of them
`;

const folder = join(__dirname, "..", "docs", "images");

runCommand({
  usage,
  options: {},
  async run(_, ends) {
    const terminal = new Terminal(process.stdout);
    const measure = async (title: string, options: Partial<DemoOptions>): Promise<DemoResult> => {
      terminal.paragraphs(terminal.paint("bold", title));
      const result = await runDemo(
        { withoutRecycler: false, seed: "demo", screen: process.stdout, ...options },
        ends,
      );
      const { total, failed } = result.report.queries;
      terminal.paragraphs(`${failed} of ${total} queries failed`, "");
      return result;
    };

    const recycled = await measure("With the recycler", {});
    // The control rotates again when the run with the recycler did.
    const [first, second] = recycled.changes;
    const controlWaitMs = second!.startedAt - first!.movedAt;
    const control = await measure("Without the recycler", { withoutRecycler: true, controlWaitMs });
    const faults = [...recycled.faults, ...control.faults];
    if (faults.length > 0) throw new Error(`a run failed, nothing is written: ${faults.join("; ")}`);

    const today = new Date().toISOString().slice(0, "2026-01-01".length);
    const figures = figuresOf(today, recycled.report, control.report);
    mkdirSync(folder, { recursive: true });
    const json = join(folder, "failed-queries.json");
    const options = { ...(await resolveConfig(json)), filepath: json };
    writeFileSync(json, await format(JSON.stringify(figures), options));
    writeFileSync(join(folder, "failed-queries.svg"), picture(figures));
    terminal.paragraphs("docs/images/failed-queries.json and .svg are written.");
    return 0;
  },
});
