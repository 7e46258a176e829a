import * as pulumi from "@pulumi/pulumi";
import { formatMistakes, type Mistake } from "../rotator/settings-messages";

/** One error for all mistakes; Pulumi prints it without a stack trace. */
export function settingsError(mistakes: readonly Mistake[]): Error {
  const what = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
  return new pulumi.RunError(
    `the settings of the stack have ${what}:\n  ${formatMistakes(mistakes).join("\n  ")}`,
  );
}
