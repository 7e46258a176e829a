import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A section of README.md, from its heading to the next one of its level. Throws for one that is not there. */
export function readmeSection(heading: string): string {
  const readme = readFileSync(join(__dirname, "..", "..", "README.md"), "utf8");
  const from = readme.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`README.md has no section "${heading}"`);
  // A comment of a workflow begins with one #, never with two and a blank at the start of a line.
  const to = readme.indexOf("\n## ", from + 1);
  return readme.slice(from + 1, to < 0 ? undefined : to);
}
