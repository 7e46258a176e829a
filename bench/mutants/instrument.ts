/** Puts mutants into sources, and loads the sources with them. */
import { readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import type { InstrumenterContext, Mutant } from "@stryker-mutator/api/core";

/** A mutant, and the text that it replaces. */
export interface PlacedMutant {
  readonly id: string;
  /** Relative to the repository. */
  readonly file: string;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

const silent = new Proxy({} as never, { get: () => () => false });

/**
 * Makes all mutants of some sources, and from now on loads these sources with every mutant in them. `switches` says which
 * one is active. Loaded modules of the repository are kept in `require.cache`, until `unload` is called.
 * @param root the repository
 * @param files the sources, relative to it
 */
export async function instrument(
  root: string,
  files: readonly string[],
): Promise<{ readonly mutants: readonly PlacedMutant[]; readonly unload: () => void }> {
  const { Instrumenter } = await import("@stryker-mutator/instrumenter");
  const sources = files.map((name) => ({
    name,
    mutate: true,
    content: readFileSync(join(root, name), "utf8"),
  }));
  const instrumented = await new Instrumenter(silent).instrument(sources, {
    plugins: null,
    ignorers: [],
    excludedMutations: [],
  });
  loadFrom(new Map(instrumented.files.map(({ name, content }) => [join(root, name), content])));
  return {
    mutants: instrumented.mutants.map((mutant) =>
      placed(mutant, sources.find(({ name }) => name === mutant.fileName)!.content),
    ),
    unload() {
      for (const file of Object.keys(require.cache))
        if (file.startsWith(root) && file.endsWith(".ts") && !file.includes("node_modules"))
          delete require.cache[file];
    },
  };
}

/** The switches of the mutants: which one is active, which ones a test reached, how often the active one was reached. */
export const switches: InstrumenterContext = ((
  globalThis as { __stryker__?: InstrumenterContext }
).__stryker__ ??= {});

interface Compiler {
  compile(code: string, file: string): string;
}

interface Compiling extends NodeJS.Module {
  _compile(code: string, file: string): void;
}

/** Compiles TypeScript as the tests do, each file once, some of them from another text. */
function loadFrom(texts: ReadonlyMap<string, string>): void {
  const compiler = createRequire(__filename)("../../embedded-aws/register.cjs") as Compiler;
  const compiled = new Map<string, string>();
  const { _extensions } = Module as unknown as {
    _extensions: Record<string, (module: Compiling, file: string) => void>;
  };
  _extensions[".ts"] = (module, file) => {
    const code = compiled.get(file) ?? compiler.compile(texts.get(file) ?? readFileSync(file, "utf8"), file);
    compiled.set(file, code);
    module._compile(code, file);
  };
}

function placed({ id, fileName, location, replacement }: Mutant, content: string): PlacedMutant {
  const lines = content.split("\n");
  const { start, end } = location;
  const text = lines.slice(start.line, end.line + 1);
  // The end first: it may be in the line of the start.
  text.push(text.pop()!.slice(0, end.column));
  text.unshift(text.shift()!.slice(start.column));
  return {
    id,
    file: fileName,
    line: start.line + 1,
    original: oneLine(text.join("\n")),
    replacement: oneLine(replacement),
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
