import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { unzipSync } from "fflate";
import { zipOf } from "../../../pulumi/types/archive";

const { AssetArchive, FileArchive, FileAsset, RemoteArchive, StringAsset } = pulumi.asset;

describe("zipOf", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "archive-"));
    mkdirSync(join(folder, "lib"));
    writeFileSync(join(folder, "lib", "a.js"), "A");
    writeFileSync(join(folder, "b.js"), "B");
  });

  after(() => rmSync(folder, { recursive: true }));

  function textsOf(zip: Uint8Array): Record<string, string> {
    return Object.fromEntries(
      Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    );
  }

  it("holds texts, files and folders under the names that the archive gives them", async () => {
    const archive = new AssetArchive({
      "__index.js": new StringAsset("text"),
      "one.js": new FileAsset(join(folder, "b.js")),
      all: new FileArchive(folder),
    });

    const zip = await zipOf(archive);

    assert.deepEqual(textsOf(zip), {
      "__index.js": "text",
      "one.js": "B",
      "all/lib/a.js": "A",
      "all/b.js": "B",
    });
  });

  it("gives the same bytes for the same files", async () => {
    const archive = (): pulumi.asset.Archive => new AssetArchive({ "a.js": new StringAsset("text") });

    assert.deepEqual(await zipOf(archive()), await zipOf(archive()));
  });

  it("takes a ZIP file as it is", async () => {
    const made = await zipOf(new AssetArchive({ "a.js": new StringAsset("text") }));
    const file = join(folder, "made.zip");
    writeFileSync(file, made);

    const zip = await zipOf(new FileArchive(file));

    rmSync(file);
    assert.deepEqual(zip, made);
  });

  it("refuses an archive that would have to be fetched", async () => {
    await assert.rejects(
      zipOf(new RemoteArchive("https://example.com/a.zip")),
      /remote archives need a network/,
    );
  });
});
