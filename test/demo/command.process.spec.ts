import assert from "node:assert/strict";
import { temporaryFolder } from "../support/folder";
import { startProgram } from "../support/program";

describe("the commands of the demonstration", () => {
  for (const file of ["demo/index.ts", "demo/serve.ts"]) {
    it(`${file}: --help prints the usage in 80 columns and starts nothing`, async () => {
      const { status, stdout, stderr } = await startProgram(file, ["--help"], {}).ended;

      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /^npm run (demo|local)/);
      assert.deepEqual(
        stdout.split("\n").filter((line) => line.length > 80),
        [],
      );
    });

    it(`${file}: a mistake is one sentence, and the status is 2`, async () => {
      const { status, stdout, stderr } = await startProgram(file, ["--fast"], {}).ended;

      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.equal(stderr, "Unknown option '--fast'; --help lists the options.\n");
    });

    it(`${file}: ends quietly and leaves nothing behind when its output is read no further`, async () => {
      const folder = temporaryFolder();
      const program = startProgram(file, [], { TMPDIR: folder.path });
      await program.line(/deploying the recycler/);

      program.closeOutput();
      const { status, stderr } = await program.ended;

      assert.deepEqual([status, stderr], [0, ""]);
      assert.deepEqual(folder.entries(), []);
      folder.remove();
    }).timeout(120_000);
  }
});
