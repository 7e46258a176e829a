import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { zipSync, type Zippable } from "fflate";

/** ZIP entries carry a date: one for all, so that the same files give the same bytes. */
const entryDate = new Date(1980, 1, 1);

/** The deployment package that the engine would upload for an archive: a ZIP file. */
export async function zipOf(archive: unknown): Promise<Uint8Array> {
  if (archive instanceof pulumi.asset.FileArchive) {
    const path = await archive.path;
    if (statSync(path).isFile()) return new Uint8Array(readFileSync(path));
  }
  const files: Zippable = {};
  await addArchive(files, "", archive);
  return zipSync(files, { mtime: entryDate, level: 6 });
}

async function addArchive(files: Zippable, prefix: string, archive: unknown): Promise<void> {
  if (archive instanceof pulumi.asset.AssetArchive) {
    for (const [name, part] of Object.entries(await archive.assets)) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      if (part instanceof pulumi.asset.StringAsset) files[path] = Buffer.from(await part.text);
      else if (part instanceof pulumi.asset.FileAsset)
        files[path] = new Uint8Array(readFileSync(await part.path));
      else await addArchive(files, path, part);
    }
  } else if (archive instanceof pulumi.asset.FileArchive) {
    const root = await archive.path;
    for (const file of filesBelow(root)) {
      const path = relative(root, file).split(sep).join("/");
      files[prefix === "" ? path : `${prefix}/${path}`] = new Uint8Array(readFileSync(file));
    }
  } else
    throw new Error(
      "an archive for Lambda: found neither an AssetArchive nor a FileArchive; remote archives need a network",
    );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
