import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../../policy-pack/build.cjs";

const repository = join(__dirname, "..", "..", "..");

/** The policy pack made from its sources as they are now, in a folder of its own below `parent`. */
export function freshPack(parent: string): string {
  const folder = join(parent, "policy-pack");
  mkdirSync(folder);
  for (const file of ["package.json", "PulumiPolicy.yaml", "main.cjs"])
    copyFileSync(join(repository, "policy-pack", file), join(folder, file));
  build(join(folder, "bin", "index.js"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return folder;
}
