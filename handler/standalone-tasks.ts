/**
 * Tasks outside services (RunTask, schedules) that hold an old value: reported once an hour, never touched. They read
 * the current value when they are started again.
 */
import { isPinned, type Reference } from "../aws-semantics/secret-reference";
import type { RunEnvironment } from "./environment";
import { isUnseen } from "./facts";
import type { Observer } from "./observe";
import { marginOf, predates, taskFreshness } from "./plan/freshness";

/** Between two reports, in milliseconds. */
const reportEveryMs = 60 * 60_000;

/** Writes a line for each cluster and value that such tasks hold an old value of. */
export async function reportStandaloneTasks(
  { coverage, memory, settings, log }: RunEnvironment,
  observer: Observer,
  nowMs: number,
): Promise<void> {
  if (memory.reportedAtMs !== undefined && nowMs - memory.reportedAtMs < reportEveryMs) return;
  memory.reportedAtMs = nowMs;
  const marginMs = marginOf(settings.delaySeconds);
  for (const cluster of coverage.clusters) {
    const tasks = await observer.tasksOfCluster(cluster);
    // The decisions about the cluster's services have reported the same failure.
    if (isUnseen(tasks)) continue;
    const stale = new Map<string, { readonly reference: Reference; tasks: number }>();
    for (const { group, definition, createdAtMs } of tasks) {
      if (group.startsWith("service:")) continue;
      const described = await observer.taskDefinition(definition);
      if (isUnseen(described)) continue;
      const references = described.reads.references.filter((reference) => !isPinned(reference));
      await observer.values.look(references, true);
      await observer.values.date(references);
      for (const reference of references) {
        const change = observer.values.facts(reference)?.change;
        if (change === undefined || isUnseen(change)) continue;
        if (memory.installedAtMs !== undefined && predates(change, memory.installedAtMs)) continue;
        if (taskFreshness(createdAtMs, change, marginMs) !== "stale") continue;
        const known = stale.get(reference.id) ?? { reference, tasks: 0 };
        known.tasks++;
        stale.set(reference.id, known);
      }
    }
    for (const [subject, found] of stale)
      log.note(
        "standalone-tasks",
        "tasks outside services hold an old value; start them again: the recycler replaces tasks of services only",
        { cluster, subject, tasks: found.tasks },
      );
  }
}
