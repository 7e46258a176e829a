import { stripVTControlCharacters, styleText } from "node:util";

/** A colour or another look, by Node.js's name. */
export type Style = Parameters<typeof styleText>[0];

/** Where lines are written: a terminal, or anything that takes text. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  getColorDepth?(environment?: object): number;
  write(text: string): unknown;
}

/** Gives a text a style, or returns it unchanged where there is no colour. */
export type Paint = (style: Style, text: string) => string;

/** Width of the output where the screen does not tell its own: off a terminal. */
const defaultColumns = 80;

/** A screen with what its lines must respect: its width, and whether it shows colour. */
export class Terminal {
  /** True where a line can be drawn anew. */
  readonly isLive: boolean;
  readonly paint: Paint;

  constructor(
    private readonly screen: Screen,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    this.isLive = screen.isTTY === true && environment["TERM"] !== "dumb";
    this.paint = painter(screen, environment);
  }

  /** A terminal may be resized at any time. */
  get columns(): number {
    return this.screen.columns || defaultColumns;
  }

  write(text: string): void {
    this.screen.write(text);
  }

  /** Writes paragraphs, each wrapped to the width of the screen. */
  paragraphs(...texts: readonly string[]): void {
    for (const text of texts) this.write(`${wrap(text, this.columns)}\n`);
  }
}

/** Colours on a terminal that has them, unless NO_COLOR forbids it (https://no-color.org); none elsewhere. */
export function painter(screen: Screen, environment: NodeJS.ProcessEnv = process.env): Paint {
  const coloured =
    screen.isTTY === true && !environment["NO_COLOR"] && (screen.getColorDepth?.(environment) ?? 1) > 1;
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : plain;
}

/** No colour. */
export const plain: Paint = (_, text) => text;

/**
 * Breaks a text at its blanks into lines of at most `columns`, each but the first indented by `indent`. A word
 * that is longer than a line stands on a line of its own, unbroken.
 * @param from the column at which the text begins: what stands before it on its first line
 */
export function wrap(text: string, columns: number, indent = 0, from = 0): string {
  const lines = [""];
  let used = from;
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    const width = widthOf(word);
    if (line === "") lines[lines.length - 1] = word;
    else if (used + 1 + width <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else {
      lines.push(word);
      used = indent + width;
      continue;
    }
    used += line === "" ? width : 1 + width;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** As many of the parts as fit into `columns`, two blanks between them; none is cut. */
export function fit(parts: readonly string[], columns: number): string {
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : `${line}  ${part}`;
    if (widthOf(longer) > columns) break;
    line = longer;
  }
  return line;
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
