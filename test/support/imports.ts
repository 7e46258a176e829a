import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import ts from "typescript";

/** One import of a file of the repository by another; both as paths from the root, with slashes. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** Folders that hold no sources of the repository. */
const skipped = ["node_modules", ".git", "bin", "dist"];

/** The TypeScript and CommonJS files below a folder, as paths from it, with slashes. */
export function sourcesBelow(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : below(path);
      return /\.(ts|cjs)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
    });
  return below("").sort();
}

/** The imports of the given sources among each other: of types and of values, by `import`, `require` or `import()`. */
export function importsOf(root: string, sources: readonly string[]): Import[] {
  return sources.flatMap((from) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, from), "utf8"), true, true);
    return importedFiles
      .filter(({ fileName }) => fileName.startsWith("."))
      .map(({ fileName }) => ({ from, to: resolved(root, from, fileName) }));
  });
}

function resolved(root: string, from: string, specifier: string): string {
  const target = join(root, dirname(from), specifier);
  const file = ["", ".ts", ".cjs", "/index.ts"]
    .map((ending) => target + ending)
    .find((path) => existsSync(path) && statSync(path).isFile());
  if (file === undefined) throw new Error(`${from}: imports ${specifier}, which does not exist`);
  return relative(root, file).split(sep).join("/");
}

/** The imports by a folder, as `FROM -> TO`, of what is neither its own nor allowed. */
export function forbidden(imports: readonly Import[], folder: string, allowed: readonly string[]): string[] {
  return imports
    .filter(({ from, to }) => isIn(from, folder) && ![folder, ...allowed].some((other) => isIn(to, other)))
    .map(({ from, to }) => `${from} -> ${to}`);
}

/** True when a path is the folder's, at any depth, or is the file itself. */
export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/**
 * Circles between folders that stand side by side, each as `a -> b -> a`. What a folder imports from the files of the
 * folder above it, or that from it, makes no circle: both are one part.
 */
export function circles(imports: readonly Import[]): string[] {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [foldersOf(from), foldersOf(to)];
    const shared = a.findIndex((part, index) => part !== b[index]);
    if (shared === -1 || shared >= b.length) continue;
    const source = a.slice(0, shared + 1).join("/");
    const target = b.slice(0, shared + 1).join("/");
    graph.set(source, (graph.get(source) ?? new Set()).add(target));
  }
  const found = new Set<string>();
  for (const start of graph.keys()) {
    const path = pathBack(graph, start);
    if (path) found.add(rotated(path).join(" -> "));
  }
  return [...found].sort();
}

function foldersOf(path: string): string[] {
  return path.split("/").slice(0, -1);
}

/** The shortest way from a folder back to it. */
function pathBack(graph: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const queue = [[start]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path; path = queue.shift())
    for (const next of graph.get(path.at(-1)!) ?? []) {
      if (next === start) return path;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  return undefined;
}

/** A circle from its first folder by name back to it: the same circle is the same text wherever it was entered. */
function rotated(circle: readonly string[]): string[] {
  const first = circle.indexOf([...circle].sort()[0]!);
  return [...circle.slice(first), ...circle.slice(0, first), circle[first]!];
}
