import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { fit, painter, Terminal, wrap, type Screen } from "../../demo/terminal";
import { table, type Report } from "../../demo/report";
import { Timeline } from "../../demo/timeline";
import { VirtualClock } from "../../embedded-aws/aws/clock";

const escape = "\u001b[";

/** A screen that keeps what it is given; a terminal with sixteen colours unless told otherwise. */
function screenOf(properties: Partial<Screen> = {}): Screen & { readonly text: string } {
  let text = "";
  return {
    isTTY: true,
    columns: 80,
    getColorDepth: () => 4,
    ...properties,
    write: (more: string) => (text += more),
    get text() {
      return text;
    },
  };
}

describe("wrap", () => {
  const reason =
    "web: the value changed at 2026-11-22T15:31:57.000Z, after the newest deployment was created";

  it("breaks a text at its blanks, so that no line is longer than the columns", () => {
    for (let columns = 45; columns <= 120; columns++) {
      const lines = wrap(reason, columns, 19, 19).split("\n");

      const widths = lines.map((line, index) => line.length + (index === 0 ? 19 : 0));
      assert.ok(Math.max(...widths) <= columns, `${columns} columns: ${widths.join(", ")}`);
      assert.equal(lines.map((line) => line.trimStart()).join(" "), reason);
      assert.ok(lines.slice(1).every((line) => /^ {19}\S/.test(line)));
    }
  });

  it("fills each line: the next word would not have fitted", () => {
    assert.equal(wrap("aa bb cc dd", 5), "aa bb\ncc dd");
    assert.equal(wrap("aa bb cc dd", 4), "aa\nbb\ncc\ndd");
    assert.equal(wrap("aa bb cc dd", 7, 2, 3), "aa\n  bb cc\n  dd");
  });

  it("leaves a word that is longer than a line in one piece", () => {
    assert.equal(wrap("a arn:aws:secretsmanager b", 10), "a\narn:aws:secretsmanager\nb");
  });

  it("does not count a colour's escape sequence", () => {
    assert.equal(wrap(`${escape}32maa${escape}39m bb`, 5), `${escape}32maa${escape}39m bb`);
  });
});

describe("fit", () => {
  it("takes as many parts as fit and cuts none", () => {
    assert.equal(fit(["web", "worker", "reports"], 11), "web  worker");
    assert.equal(fit(["web", "worker", "reports"], 10), "web");
    assert.equal(fit([`${escape}33mweb${escape}39m`, "worker"], 11), `${escape}33mweb${escape}39m  worker`);
  });
});

describe("colour", () => {
  const isColoured = (screen: Partial<Screen>, environment: NodeJS.ProcessEnv): boolean =>
    painter(screenOf(screen), environment)("green", "OK") !== "OK";

  it("is used on a terminal that has colours", () => {
    assert.ok(isColoured({}, {}));
    assert.ok(isColoured({}, { NO_COLOR: "" }));
  });

  it("is not used with NO_COLOR, whatever FORCE_COLOR says, nor off a terminal, nor without colours", () => {
    assert.ok(!isColoured({}, { NO_COLOR: "1" }));
    assert.ok(!isColoured({}, { NO_COLOR: "1", FORCE_COLOR: "3" }));
    assert.ok(!isColoured({ isTTY: undefined }, { FORCE_COLOR: "3" }));
    assert.ok(!isColoured({ getColorDepth: () => 1 }, {}));
    assert.ok(!isColoured({ getColorDepth: undefined }, {}));
  });
});

describe("a terminal", () => {
  it("tells its width, also after a change; off a terminal it is 80", () => {
    const screen = { ...screenOf(), columns: 100 };
    const terminal = new Terminal(screen, {});
    assert.equal(terminal.columns, 100);
    screen.columns = 60;
    assert.equal(terminal.columns, 60);
    assert.equal(new Terminal(screenOf({ isTTY: undefined, columns: undefined }), {}).columns, 80);
  });

  it("is not drawn on anew where TERM is dumb", () => {
    assert.ok(new Terminal(screenOf(), { TERM: "xterm" }).isLive);
    assert.ok(!new Terminal(screenOf(), { TERM: "dumb" }).isLive);
  });
});

describe("a timeline", () => {
  const text =
    "worker: the value changed at 2026-11-22T15:31:57.000Z, after the newest deployment was created";
  const written = (screen: Screen & { readonly text: string }, environment: NodeJS.ProcessEnv): string => {
    const timeline = new Timeline(screen, new VirtualClock(0), environment);
    timeline.event("recycle", text);
    timeline.event("predates-install", text);
    return screen.text;
  };

  it("keeps to 80 columns and aligns what it wraps, on a terminal and elsewhere", () => {
    for (const screen of [screenOf(), screenOf({ isTTY: undefined, columns: undefined })]) {
      const lines = stripVTControlCharacters(written(screen, {})).trimEnd().split("\n");

      assert.ok(lines.length >= 4);
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      );
      assert.ok(lines.every((line) => /^( {2}0\.0 s {2}\S| {19}\S)/.test(line)));
    }
  });

  it("writes the same text with colour and without", () => {
    const coloured = written(screenOf(), {});
    const uncoloured = written(screenOf(), { NO_COLOR: "1" });

    assert.ok(coloured.includes(`${escape}35mrecycle`));
    assert.ok(!uncoloured.includes(escape));
    assert.equal(stripVTControlCharacters(coloured), uncoloured);
  });

  it("shows progress on a terminal only, in less than a line, and takes it away at the end", () => {
    const parts = ["web ●●●●●●", "worker ●●●●", "reports ●●", "queries 123456, failed 0", "and more of it"];
    const terminal = screenOf();
    const file = screenOf({ isTTY: undefined });
    for (const screen of [terminal, file]) {
      const timeline = new Timeline(screen, new VirtualClock(0), {});
      timeline.progress(() => parts);
      timeline.done();
    }

    const [drawn, cleared] = terminal.text.split(`\r${escape}2K`).slice(1);
    assert.ok(drawn!.endsWith("queries 123456, failed 0") && drawn!.length < 80, drawn);
    assert.equal(cleared, "");
    assert.equal(file.text, "");
  });
});

describe("the closing table", () => {
  const report: Report = {
    services: [
      {
        cluster: "shop",
        service: "reports",
        covered: false,
        forcedDeployments: 0,
        runningTasks: 2,
        staleTasks: 2,
      },
    ],
    queries: { total: 123_456, failed: 12_345 },
    overTime: [],
    changes: [],
    secretToFreshMs: { median: 12_345, max: 123_456 },
    unneededDeployments: 0,
    secretReadsByRecycler: 0,
    archiveBytes: { recycler: 1_234_567, rotator: 1_234_567 },
  };

  it("fits 80 columns", () => {
    const lines = table(report).split("\n");

    assert.ok(lines.includes("queries                      123456, 12345 failed"));
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });

  it("says nothing of freshness where no service became fresh: in the control", () => {
    assert.match(table(report), /from new value to fresh/);
    assert.doesNotMatch(table({ ...report, secretToFreshMs: { median: 0, max: 0 } }), /fresh/);
  });
});
