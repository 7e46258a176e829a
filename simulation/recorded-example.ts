import { recyclerProject } from "../demo/example";
import { recordExample, type RecordedExample } from "./virtual-run";

let kept: Promise<RecordedExample> | undefined;

/** The example with alarms, deployed once for all tests: a recording is played, and never changes. */
export function recordedExample(): Promise<RecordedExample> {
  kept ??= recordExample("recycle", () =>
    Promise.resolve({ [`${recyclerProject}:alarms`]: { email: "shop@example.com" } }),
  );
  return kept;
}
