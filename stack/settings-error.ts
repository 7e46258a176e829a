import * as pulumi from "@pulumi/pulumi";
import { formatMistakes, type Mistake } from "../rotator/settings-messages";

/** So many mistakes of one kind are written out; the others of the kind are counted. */
const OF_ONE_KIND = 3;
/** So many lines of a message are read. */
const MOST_LINES = 30;
/** A line says no more beyond this many characters: long names make it long. */
const LONGEST_LINE = 400;

/** One error for all mistakes; Pulumi prints it without a stack trace. */
export function settingsError(mistakes: readonly Mistake[]): Error {
  const what = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
  return new pulumi.RunError(`the settings of the stack have ${what}:\n  ${lines(mistakes).join("\n  ")}`);
}

/** A line for each mistake, in order; equal slips are counted. */
function lines(mistakes: readonly Mistake[]): string[] {
  const kinds = Map.groupBy(mistakes, kindOf);
  const shown = [...kinds.values()].flatMap((alike) => {
    const written = formatMistakes(alike.slice(0, OF_ONE_KIND)).map(shortened);
    const more = alike.length - written.length;
    return more === 0
      ? written
      : [...written, `... and ${more} more of this kind, up to ${lastPlace(alike)}`];
  });
  const left = shown.length - MOST_LINES;
  return left > 0
    ? [...shown.slice(0, MOST_LINES), `... and ${left} lines more; correct these first`]
    : shown;
}

/** Mistakes are of one kind when they differ only in their places in lists and in what was found. */
function kindOf({ path, message }: Mistake): string {
  const keys = path.filter((part) => typeof part !== "number");
  return `${keys.join(".")}: ${message.replaceAll(/"[^"]*"|\S*\d\S*/g, "")}`;
}

function lastPlace(alike: readonly Mistake[]): string {
  const [last = ""] = formatMistakes(alike.slice(-1));
  return shortened(last.split(": ")[0]!);
}

function shortened(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line;
}
