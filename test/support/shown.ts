import assert from "node:assert/strict";

/** Fails for a line of README.md that the demonstration did not print; figures may differ. */
export function assertShown(block: string | undefined, output: string): void {
  const plain = (text: string): string => text.replace(/\d+/g, "0").replace(/\s+/g, " ").trim();
  const lines = (block ?? "").split("\n").map(plain);
  const told = lines.filter((line) => line !== "" && line !== "...");

  assert.ok(told.length > 0, "README.md shows what is printed");
  assert.deepEqual(
    told.filter((line) => !plain(output).includes(line)),
    [],
  );
}
