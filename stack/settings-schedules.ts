import type { Mistake } from "./settings-messages";
import type { RotationEntry } from "./settings-schema";

export function scheduleMistakes(_entry: RotationEntry): Mistake[] {
  return [];
}
