import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "..", "..");

/** A fenced block of a page. */
export interface Block {
  /** `sh`, `yaml`, ...; empty where the page names none. */
  readonly language: string;
  /** Its lines, each with its line break. */
  readonly text: string;
}

/** A line of a page, outside fenced blocks. */
export interface ProseLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** A Markdown page of the repository. */
export interface Page {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly blocks: readonly Block[];
  readonly prose: readonly ProseLine[];
}

/** Folders that hold no page of the repository. */
const elsewhere = ["node_modules", ".git", "dist", "bin"];

/** Reads a page by its path from the repository's root. */
export function page(path: string): Page {
  return parsePage(path, readFileSync(join(root, path), "utf8"));
}

/** Every page of the repository. */
export function allPages(): Page[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !path.split("/").some((part) => elsewhere.includes(part)))
    .sort()
    .map(page);
}

/** Takes a page's text apart. */
export function parsePage(path: string, text: string): Page {
  const lines = text.replace(/\n$/, "").split("\n");
  const blocks: Block[] = [];
  const prose: ProseLine[] = [];
  let open: { readonly fence: string; readonly language: string; text: string } | undefined;
  lines.forEach((line, index) => {
    const [, fence, language = ""] = /^ *(`{3,}|~{3,})(\w*)/.exec(line) ?? [];
    if (open) {
      if (fence === open.fence && language === "") {
        blocks.push({ language: open.language, text: open.text });
        open = undefined;
      } else open.text += `${line}\n`;
    } else if (fence !== undefined) open = { fence, language, text: "" };
    else prose.push({ number: index + 1, text: line });
  });
  if (open) throw new Error(`${path}: a fenced block has no end`);
  return { path, lines, blocks, prose };
}

/** The text of each block in a language. */
export function blocksOf({ blocks }: Page, language: string): string[] {
  return blocks.flatMap((block) => (block.language === language ? [block.text] : []));
}

/** Code spans of the prose. A span may be broken between two lines; one of a table may hold an escaped bar. */
export function codeSpans({ prose }: Page): string[] {
  const text = prose.map((line) => line.text).join("\n");
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span]) =>
    span!.replace(/\s+/g, " ").replaceAll("\\|", "|"),
  );
}

/** The command lines of a page: of its `sh` blocks, comments left out, and of code spans that begin with a program. */
export function commandLines(of: Page, programs: readonly string[]): string[] {
  const typed = blocksOf(of, "sh").flatMap((block) =>
    block
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
  const named = codeSpans(of).filter((span) => programs.some((program) => span.startsWith(`${program} `)));
  return [...typed, ...named];
}

/** The targets of a page's links and images. */
export function links({ prose }: Page): string[] {
  const text = prose.map((line) => line.text.replaceAll(/`[^`]*`/g, "")).join("\n");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors({ prose }: Page): string[] {
  return prose.flatMap(({ text }) => {
    const [, title] = /^#{1,6} (.*)$/.exec(text) ?? [];
    if (title === undefined) return [];
    return [
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
        .replaceAll(" ", "-"),
    ];
  });
}

/** What is wrong with a page's links: files and headings that do not exist. */
export function brokenLinks(of: Page): string[] {
  return links(of).flatMap((target) => {
    if (/^https:\/\//.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? of.path : relative(root, join(root, dirname(of.path), file));
    if (path.startsWith("..") || !existsSync(join(root, path))) return [`${target}: no such file`];
    if (anchor === undefined || !path.endsWith(".md")) return [];
    const there = path === of.path ? of : page(path);
    return anchors(there).includes(anchor) ? [] : [`${target}: no such heading`];
  });
}

/**
 * What is wrong with the files that code spans name: `test/support/pages.ts`, `handler/`, `package.json`. A path is taken
 * from the repository's root or from the page's folder; a word in capitals (`Pulumi.STACK.yaml`) is the reader's own.
 */
export function missingFiles(of: Page): string[] {
  const folders = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  return codeSpans(of).filter((span) => {
    const isPath =
      (folders.includes(span.split("/")[0]!) && /^[\w./-]+$/.test(span) && span.includes("/")) ||
      /^[\w.-]+\.(ts|cjs|mjs|md|json|ya?ml)$/.test(span);
    return (
      isPath &&
      !/[A-Z]{4}/.test(span.replace(/README|CONTRIBUTING|CHANGELOG|SECURITY/, "")) &&
      !existsSync(join(root, span)) &&
      !existsSync(join(root, dirname(of.path), span))
    );
  });
}
