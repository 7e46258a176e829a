import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { forms } from "../../events/forms";
import { events } from "../../events/table";

const root = join(__dirname, "..", "..");

/** Names that mean an event wherever they stand; `Create` and `Update` are words. */
const names: readonly string[] = [
  ...new Set<string>([
    ...events.map(({ name }) => name),
    ...Object.values(forms).map(({ detailType }) => detailType),
    "RotationStarted",
    "RotationAbandoned",
  ]),
].filter((name) => name !== "Create" && name !== "Update");

/** A metric that has the name of the event it counts. */
const metrics = [
  "handler/log.ts: RotationFailed",
  "handler/trigger.ts: RotationFailed",
  "stack/alarm-table.ts: RotationFailed",
];

/** TypeScript files of a folder, or the one file. */
function sourcesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.split(/[\\/]/).includes("bin"))
    .map((file) => join(path, file));
}

/** The names of events among the texts of a source: comments, identifiers and actions of IAM do not count. */
function written(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      found.push(...names.filter((name) => new RegExp(`(?<![\\w:])${name}(?!\\w)`).test(node.text)));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest));
  return [...new Set(found)].sort();
}

describe("an event's name", () => {
  it("is written in events/ only", () => {
    const found = ["index.ts", "handler", "stack", "policy-pack", "rotator", "aws-semantics"]
      .flatMap((part) => sourcesOf(join(root, part)))
      .flatMap((file) =>
        written(readFileSync(file, "utf8")).map(
          (name) => `${relative(root, file).replaceAll("\\", "/")}: ${name}`,
        ),
      );

    assert.deepEqual(found.sort(), metrics);
  });

  it("is found in a text and in a template, not in a comment, an identifier or an action", () => {
    const text = 'const a = "PutSecretValue"; const b = `${a}: RotationSucceeded`;';
    const others =
      'new PutSecretValueCommand({}); // PutSecretValue\nconst action = "secretsmanager:PutSecretValue";';

    assert.deepEqual(written(text), ["PutSecretValue", "RotationSucceeded"]);
    assert.deepEqual(written(others), []);
  });
});
