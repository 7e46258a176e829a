import { cpSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "../../../policy-pack/build.cjs";

const repository = join(__dirname, "..", "..", "..");

/** What a user of this project has before the first command: everything but tests and tools, and `npm ci` done. */
const parts = [
  "Pulumi.yaml",
  "Pulumi.prod.yaml",
  "package.json",
  "tsconfig.json",
  "index.ts",
  "stack",
  "handler",
  "events",
  "aws-semantics",
  "rotator",
  "policy-pack",
  "examples",
] as const;

/**
 * A copy of the repository below `parent`, for commands that write beside the project (`pulumi stack init`). The
 * policy pack in it is made from its sources as they are now.
 */
export function checkout(parent: string): string {
  const folder = join(parent, "ecs-secret-recycler");
  for (const part of parts)
    cpSync(join(repository, part), join(folder, part), {
      recursive: true,
      filter: (source) => basename(source) !== "node_modules",
    });
  build(join(folder, "policy-pack", "bin", "index.js"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return folder;
}
