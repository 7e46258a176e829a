import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that stands for the machine's temporary one, to see what is left in it. */
export interface TemporaryFolder {
  readonly path: string;
  /** Names of what is in it, but for the compiler's cache, which every TypeScript program here shares. */
  entries(): string[];
  remove(): void;
}

/** Makes a temporary folder that every user may enter: a database server runs as another one. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "test-"));
  chmodSync(path, 0o777);
  return {
    path,
    entries: () => readdirSync(path).filter((name) => !name.startsWith("ts-node-")),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
