import { recyclerProject } from "../demo/example";
import { recordExample, type RecordedExample } from "./virtual-run";

/** The example with alarms. */
export function recordedExample(): Promise<RecordedExample> {
  return recordExample({ settings: { [`${recyclerProject}:alarms`]: { email: "shop@example.com" } } });
}
