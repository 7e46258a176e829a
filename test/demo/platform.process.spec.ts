import assert from "node:assert/strict";
import { processPlatform } from "../../demo/platform";
import { temporaryFolder, type TemporaryFolder } from "../support/folder";
import { descendantsOf } from "../support/program";

describe("processPlatform", () => {
  let temporary: string | undefined;
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = temporaryFolder();
    temporary = process.env.TMPDIR;
    process.env.TMPDIR = folder.path;
  });

  afterEach(() => {
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
    folder.remove();
  });

  it("ends a database that was still starting when the world's clock was stopped", async () => {
    const before = new Set(descendantsOf(process.pid));
    const platform = processPlatform({ taskStartMs: 0 });
    const starting = platform.runtime.databases.start({
      identifier: "shop",
      engine: "postgres",
      masterUsername: "shop_admin",
      masterPassword: "a password",
    });

    platform.clock.stop();
    await platform.close();

    await assert.doesNotReject(starting);
    assert.deepEqual(
      descendantsOf(process.pid).filter((pid) => !before.has(pid)),
      [],
    );
    assert.deepEqual(folder.entries(), []);
  }).timeout(20_000);
});
