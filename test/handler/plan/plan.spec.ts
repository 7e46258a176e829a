import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  unseen,
  type Decision,
  type RunFacts,
  type ServiceDeployment,
  type ServiceFacts,
  type TaskFacts,
  type Unseen,
  type ValueFacts,
} from "../../../handler/facts";
import { decisions, type DecisionName, type VerdictName } from "../../../handler/plan/decisions";
import { isOld, marginOf, type ValueChange } from "../../../handler/plan/freshness";
import { forceAgainMs, plan, settleAtMostMs } from "../../../handler/plan/plan";
import {
  between,
  changed,
  decided,
  decisionOf,
  definition,
  deployment,
  failed,
  freshService,
  margin,
  minute,
  now,
  proved,
  provedChange,
  reads,
  run,
  second,
  seen,
  service,
  task,
  value,
} from "./samples";

const at = "2026-02-05T19:50:00.000Z";
const allOld = `2 of 2 tasks were created before the value changed at ${at}`;
const succeeded = deployment(1, "SUCCESSFUL");
const tries = "the recycler tries again when the value changes.";
const old = changed - 40 * minute;
const two = [reads("db"), reads("api")];
const laterValues = { db: value(), api: value(provedChange(changed + minute)) };

type Around = Parameters<typeof run>[0];
/** Condition, what differs from a stale service that may be recycled, decision, reason. */
type Row = [string, Partial<ServiceFacts>, Around, DecisionName, string];

const stale: Row[] = [
  ["no deployment after the change", {}, {}, "recycle", allOld],
  [
    "one old task of two",
    { tasks: [task(old), task(proved)] },
    {},
    "recycle",
    `1 of 2 tasks were created before the value changed at ${at}`,
  ],
  [
    "R1: a broken image rolled back before the change, and the rollback is the PRIMARY",
    {
      seen: seen({ primary: { id: "rollback", createdAtMs: changed - minute } }),
      deployments: [deployment(-5, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
    },
    {},
    "recycle",
    allOld,
  ],
  [
    "R1: a rollback after the change whose tasks are old is the PRIMARY",
    {
      seen: seen({ primary: { id: "rollback", createdAtMs: changed + minute } }),
      deployments: [deployment(-5, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
    },
    {},
    "recycle",
    allOld,
  ],
  [
    "a doubt",
    { tasks: [task(changed - minute), task(proved)] },
    { values: { db: value(between(changed - 2 * minute, changed, { doubt: true })) } },
    "recycle",
    `1 of 2 tasks were created while the value changed, between 2026-02-05T19:48:00.000Z and ${at}`,
  ],
  [
    "another value that is denied",
    { reads: two },
    { values: { db: value(), api: failed("denied") } },
    "recycle",
    allOld,
  ],
  [
    "R19: another value that new tasks would not find",
    { reads: two },
    { values: { db: value(), api: failed("not-found") } },
    "not-found",
    "because not-found; new tasks could not start",
  ],
  [
    "another value that does not exist, which only old tasks read",
    { reads: [reads("db"), reads("api", { current: false })] },
    { values: { db: value(), api: failed("not-found") } },
    "recycle",
    allOld,
  ],
  [
    "two values, the later one at last",
    { reads: two },
    { values: laterValues },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:51:00.000Z",
  ],
  [
    "two values, the later one first",
    { reads: [reads("api"), reads("db")] },
    { values: laterValues },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:51:00.000Z",
  ],
  [
    "a value that is stale beside a later doubt",
    { reads: two, tasks: [task(old + second), task(old)] },
    {
      values: { db: value(), api: value(between(old - minute, changed + minute, { doubt: true })) },
    },
    "recycle",
    allOld,
  ],
  [
    "the controller CODE_DEPLOY",
    { seen: seen({ controller: "CODE_DEPLOY" }) },
    {},
    "unsupported",
    `${allOld}; the deployment controller is CODE_DEPLOY, so only its owner can replace them`,
  ],
  [
    "the controller EXTERNAL",
    { seen: seen({ controller: "EXTERNAL" }) },
    {},
    "unsupported",
    `${allOld}; the deployment controller is EXTERNAL, so only its owner can replace them`,
  ],
  [
    "R14: one task and 50 to 100 percent",
    { seen: seen({ bounds: { lower: 1, upper: 1 } }) },
    {},
    "cannot-replace",
    "at least 1 and at most 1 task may run: no task can be replaced",
  ],
  [
    "two tasks and 100 to 100 percent",
    { seen: seen({ bounds: { lower: 2, upper: 2 } }) },
    {},
    "cannot-replace",
    "at least 2 and at most 2 tasks may run: no task can be replaced",
  ],
  [
    "bounds of a strategy that does not use them",
    { seen: seen({ strategy: "BLUE_GREEN", bounds: { lower: 2, upper: 2 } }) },
    {},
    "recycle",
    allOld,
  ],
  ["bounds one apart", { seen: seen({ bounds: { lower: 2, upper: 3 } }) }, {}, "recycle", allOld],
  [
    "a change less than the delay ago",
    {},
    { nowMs: changed + 15 * second - 1 },
    "settling",
    "the value changed less than 15 s ago: a new task could still read the old one",
  ],
  ["a change as long ago as the delay", {}, { nowMs: changed + 15 * second }, "recycle", allOld],
  [
    "one value of two that settled",
    { reads: two },
    { values: { db: value(), api: value(provedChange(now - second)) } },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:59:59.000Z",
  ],
  [
    "a value that goes on changing, for a short time",
    { staleSinceMs: now - settleAtMostMs + 1 },
    { values: { db: value(provedChange(now - second)) } },
    "settling",
    "the value changed less than 15 s ago: a new task could still read the old one",
  ],
  [
    "a value that goes on changing, for long",
    { staleSinceMs: now - settleAtMostMs },
    { values: { db: value(provedChange(now - second)) } },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:59:59.000Z",
  ],
  [
    "deployments that are denied",
    { deployments: unseen("denied", "because denied") },
    {},
    "denied",
    "because denied",
  ],
  [
    "deployments that could not be listed",
    { deployments: unseen("retryable", "because retryable") },
    {},
    "deferred",
    "because retryable",
  ],
];

const underWay: Row[] = [
  [
    "a deployment after the change",
    { deployments: [deployment(1, "IN_PROGRESS")] },
    {},
    "rolling-out",
    `${allOld}; the deployment created at 2026-02-05T19:51:00.000Z, after the change, is IN_PROGRESS`,
  ],
  [
    "the rollback of a deployment after the change",
    { deployments: [deployment(1, "ROLLBACK_IN_PROGRESS")] },
    {},
    "rolling-out",
    `${allOld}; the deployment created at 2026-02-05T19:51:00.000Z, after the change, is ROLLBACK_IN_PROGRESS`,
  ],
  [
    "a deployment with a status that is not known",
    { deployments: [deployment(1, "PONDERING"), deployment(2, "SUCCESSFUL")] },
    {},
    "rolling-out",
    `${allOld}; the deployment created at 2026-02-05T19:51:00.000Z, after the change, is PONDERING`,
  ],
  [
    "a deployment within the margin",
    { deployments: [deployment(0, "PENDING", { createdAtMs: changed + margin })] },
    {},
    "blocked",
    "the deployment created at 2026-02-05T19:50:10.000Z, before the change could be read everywhere, is PENDING; its end triggers a new check",
  ],
  [
    "a deployment just after the margin",
    { deployments: [deployment(0, "PENDING", { createdAtMs: proved })] },
    {},
    "rolling-out",
    `${allOld}; the deployment created at 2026-02-05T19:50:10.001Z, after the change, is PENDING`,
  ],
  [
    "a deployment after one change and before another",
    { reads: two, deployments: [deployment(0.5, "IN_PROGRESS")] },
    { values: laterValues },
    "blocked",
    "the deployment created at 2026-02-05T19:50:30.000Z, before the change could be read everywhere, is IN_PROGRESS; its end triggers a new check",
  ],
  [
    "an old deployment, and no limit",
    { deployments: [deployment(-50, "IN_PROGRESS")] },
    {},
    "blocked",
    "the deployment created at 2026-02-05T19:00:00.000Z, before the change could be read everywhere, is IN_PROGRESS; its end triggers a new check",
  ],
  [
    "a deployment as old as overtakeAfterMinutes",
    { deployments: [deployment(-5, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 15 } },
    "recycle",
    "the deployment created at 2026-02-05T19:45:00.000Z, before the change could be read everywhere, is IN_PROGRESS after more than 15 minutes; a new one replaces it (overtakeAfterMinutes)",
  ],
  [
    "a deployment younger than overtakeAfterMinutes",
    { deployments: [deployment(-5, "IN_PROGRESS", { createdAtMs: now - 15 * minute + 1 })] },
    { limits: { overtakeAfterMinutes: 15 } },
    "blocked",
    "the deployment created at 2026-02-05T19:45:00.001Z, before the change could be read everywhere, is IN_PROGRESS; its end triggers a new check",
  ],
  [
    "a deployment of another strategy, older than overtakeAfterMinutes",
    { seen: seen({ strategy: "BLUE_GREEN" }), deployments: [deployment(-5, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 15 } },
    "blocked",
    "the deployment created at 2026-02-05T19:45:00.000Z, before the change could be read everywhere, is IN_PROGRESS; its end triggers a new check",
  ],
  [
    "a deployment after the change, older than overtakeAfterMinutes",
    { deployments: [deployment(1, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 5 } },
    "rolling-out",
    `${allOld}; the deployment created at 2026-02-05T19:51:00.000Z, after the change, is IN_PROGRESS`,
  ],
  [
    "R27: a deployment that was overtaken a short time ago, and that ECS still shows",
    { deployments: [deployment(-5, "IN_PROGRESS")], forcedAtMs: now - minute },
    { limits: { overtakeAfterMinutes: 15 } },
    "blocked",
    "the deployment created at 2026-02-05T19:45:00.000Z, before the change could be read everywhere, is IN_PROGRESS; its end triggers a new check",
  ],
  [
    "a deployment that waits for a person",
    {
      deployments: [
        deployment(1, "IN_PROGRESS", {
          pause: { hookId: "hook", untilMs: changed + 24 * 60 * minute, then: "CONTINUE" },
        }),
      ],
    },
    {},
    "waiting-for-person",
    "the deployment created at 2026-02-05T19:51:00.000Z waits for a person at the pause hook hook until 2026-02-06T19:50:00.000Z, then CONTINUE (shop/api); continue it: aws ecs continue-service-deployment --service-deployment-arn deployment 1 --hook-id hook --action CONTINUE",
  ],
  [
    "an older deployment that waits for a person, with an end that is not told",
    {
      deployments: [deployment(-1, "IN_PROGRESS", { pause: { hookId: "hook", untilMs: changed } })],
    },
    {},
    "waiting-for-person",
    `the deployment created at 2026-02-05T19:49:00.000Z waits for a person at the pause hook hook until ${at}, then ROLLBACK (shop/api); continue it: aws ecs continue-service-deployment --service-deployment-arn deployment -1 --hook-id hook --action CONTINUE`,
  ],
  [
    "a deployment that waits for a person without an end",
    { deployments: [deployment(1, "IN_PROGRESS", { pause: { hookId: "hook" } })] },
    {},
    "waiting-for-person",
    "the deployment created at 2026-02-05T19:51:00.000Z waits for a person at the pause hook hook (shop/api); continue it: aws ecs continue-service-deployment --service-deployment-arn deployment 1 --hook-id hook --action CONTINUE",
  ],
];

function haltedBy(status: string, minutesAfter = 1, more = ""): string {
  const created = new Date(changed + minutesAfter * minute).toISOString();
  return `the deployment created at ${created}, after the change, ended as ${status}; ${tries}${more}`;
}

const ended: Row[] = [
  ...(["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"] as const).map((status): Row => [
    `a deployment after the change of the running definition: ${status}`,
    { deployments: [deployment(1, status)] },
    {},
    "halted",
    haltedBy(status),
  ]),
  [
    "a failed deployment with AWS's reason",
    { deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { statusReason: "a hook timed out" })] },
    {},
    "halted",
    `the deployment created at 2026-02-05T19:51:00.000Z, after the change, ended as ROLLBACK_SUCCESSFUL: a hook timed out; ${tries}`,
  ],
  [
    "a failed deployment of the running definition, whose revision was asked",
    { deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { revision: "revision" })] },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment of a definition that one of the tasks runs",
    {
      tasks: [task(old), task(old, { definition: "api:2" })],
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment of the definition that new tasks would get",
    {
      seen: seen({ definitions: ["api:2", definition] }),
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment of another definition after that of the running one",
    {
      deployments: [
        deployment(1, "ROLLBACK_SUCCESSFUL"),
        deployment(2, "ROLLBACK_SUCCESSFUL", { definition: "api:2", revision: "revision" }),
      ],
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a doubt, and a failed deployment before its end",
    { tasks: [task(changed - minute)], deployments: [deployment(-0.5, "ROLLBACK_SUCCESSFUL")] },
    { values: { db: value(between(changed - 2 * minute, changed, { doubt: true })) } },
    "recycle",
    `1 of 1 tasks were created while the value changed, between 2026-02-05T19:48:00.000Z and ${at}`,
  ],
  [
    "a doubt, and a failed deployment after its end",
    { tasks: [task(changed - minute)], deployments: [deployment(1, "ROLLBACK_SUCCESSFUL")] },
    { values: { db: value(between(changed - 2 * minute, changed, { doubt: true })) } },
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "R3: a failed deployment after the change of another definition",
    { deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })] },
    {},
    "recycle",
    allOld,
  ],
  [
    "a failed deployment of another definition that this container forced",
    {
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
      forcedAtMs: changed + minute - 2000,
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment of another definition, and an earlier force of this container",
    {
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: "api:2" })],
      forcedAtMs: changed + minute - 2001,
    },
    {},
    "recycle",
    allOld,
  ],
  [
    "a failed deployment that this container forced, whose revision was not asked",
    {
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: undefined, revision: "revision" })],
      forcedAtMs: changed + minute,
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment whose revision is not known",
    { deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: undefined })] },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment at the time of the change",
    { deployments: [deployment(0, "ROLLBACK_SUCCESSFUL")] },
    {},
    "recycle",
    allOld,
  ],
  [
    "a failed deployment within the interval of a change",
    {
      tasks: [task(changed - 50 * minute)],
      deployments: [deployment(-1, "ROLLBACK_SUCCESSFUL")],
    },
    { values: { db: value(between(changed - 2 * minute, changed)) } },
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL", -1),
  ],
  [
    "R6: a success after the change, and the failure of a later deployment",
    { deployments: [deployment(2, "ROLLBACK_SUCCESSFUL"), succeeded] },
    {},
    "recycle",
    allOld,
  ],
  [
    "R2: two values, the second changed before the rollback",
    { reads: two, deployments: [deployment(0.5, "ROLLBACK_SUCCESSFUL")] },
    { values: laterValues },
    "halted",
    `the deployment created at 2026-02-05T19:50:30.000Z, after the change, ended as ROLLBACK_SUCCESSFUL; ${tries} A new deployment would hand it out too, so these values wait: shop/api.`,
  ],
  [
    "three values, two of which wait",
    {
      reads: [...two, reads("flags")],
      deployments: [deployment(0.5, "ROLLBACK_SUCCESSFUL")],
    },
    { values: { ...laterValues, flags: value(provedChange(changed + minute)) } },
    "halted",
    `the deployment created at 2026-02-05T19:50:30.000Z, after the change, ended as ROLLBACK_SUCCESSFUL; ${tries} A new deployment would hand it out too, so these values wait: shop/api, shop/flags.`,
  ],
  [
    "a halted value that changed again",
    { deployments: [deployment(-1, "ROLLBACK_SUCCESSFUL")] },
    {},
    "recycle",
    allOld,
  ],
  [
    "R27: a deployment forced a short time ago that ECS does not show",
    { forcedAtMs: now - forceAgainMs + 1 },
    {},
    "rolling-out",
    "the deployment forced at 2026-02-05T19:55:00.001Z replaced no task yet; the recycler forces no other within 5 minutes",
  ],
  [
    "R27: a deployment forced in the second of the change, for the change before: the event tells whole seconds",
    { forcedAtMs: now - minute + marginOf(15) },
    { values: { db: value(provedChange(now - minute)) } },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:59:00.000Z",
  ],
  [
    "a deployment forced five minutes ago that ECS does not show",
    { forcedAtMs: now - forceAgainMs },
    {},
    "recycle",
    allOld,
  ],
  [
    "a deployment forced at the time of the change",
    { forcedAtMs: now - minute },
    { values: { db: value(provedChange(now - minute)) } },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:59:00.000Z",
  ],
  [
    "a limit",
    { deployments: [deployment(-1, "SUCCESSFUL")] },
    { limits: { minutesBetweenDeployments: 12 } },
    "cooling-down",
    "the newest deployment is younger than 12 minutes (minutesBetweenDeployments)",
  ],
  [
    "a failed deployment that left tasks missing, and no other in progress",
    {
      seen: seen({ unfinished: true }),
      deployments: [deployment(-1, "ROLLBACK_FAILED")],
    },
    { limits: { maxConcurrentDeployments: 1 }, inProgress: 1 },
    "recycle",
    allOld,
  ],
  [
    "a failed deployment that left tasks missing, and another in progress",
    {
      seen: seen({ unfinished: true }),
      deployments: [deployment(-1, "ROLLBACK_FAILED")],
    },
    { limits: { maxConcurrentDeployments: 1 }, inProgress: 2 },
    "at-capacity",
    "1 covered services already have a deployment in progress (maxConcurrentDeployments)",
  ],
  [
    "old tasks that belong to the newest deployment after a success",
    { seen: seen({ primary: { id: "old", createdAtMs: changed } }), deployments: [succeeded] },
    {},
    "recycle",
    allOld,
  ],
  [
    "an old task of the newest deployment and one of an older, after a success",
    {
      tasks: [task(old, { startedBy: "new" }), task(old)],
      seen: replaced(),
      deployments: [succeeded],
    },
    {},
    "recycle",
    allOld,
  ],
  [
    "a desired count of 0, and a protected task that holds an old value",
    {
      seen: seen({ desiredCount: 0, runningCount: 1 }),
      tasks: [task(old, { protectedUntilMs: now + minute })],
      described: true,
    },
    {},
    "replacing",
    `1 of 1 tasks were created before the value changed at ${at}; the desired count is 0, so ECS stops them; scale-in protection keeps 1 of them until 2026-02-05T20:01:00.000Z or longer`,
  ],
  [
    "a failed deployment within the interval of a custom label's change",
    {
      reads: [reads("db", { label: "blue" })],
      deployments: [deployment(-1, "ROLLBACK_SUCCESSFUL")],
    },
    { values: { db: value(between(changed - 2 * minute, changed)) } },
    "recycle",
    "2 of 2 tasks were created before the value changed between 2026-02-05T19:48:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "a failed deployment after a custom label's change",
    {
      reads: [reads("db", { label: "blue" })],
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL")],
    },
    { values: { db: value(between(changed - 2 * minute, changed)) } },
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment after a custom label's proved change",
    {
      reads: [reads("db", { label: "blue" })],
      deployments: [deployment(1, "ROLLBACK_SUCCESSFUL")],
    },
    {},
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL"),
  ],
  [
    "a failed deployment within the interval of AWSPREVIOUS",
    {
      reads: [reads("db", { label: "AWSPREVIOUS" })],
      deployments: [deployment(-1, "ROLLBACK_SUCCESSFUL")],
    },
    { values: { db: value(between(changed - 2 * minute, changed)) } },
    "halted",
    haltedBy("ROLLBACK_SUCCESSFUL", -1),
  ],
  [
    "old tasks after a success, and no PRIMARY",
    { seen: seen({ primary: undefined }), deployments: [succeeded], described: true },
    {},
    "replacing",
    `${allOld}; the deployment made after the change succeeded, so ECS stops them`,
  ],
  [
    "an old task of no deployment after a success",
    { tasks: [task(old, { startedBy: undefined })], deployments: [succeeded], seen: replaced() },
    {},
    "recycle",
    `1 of 1 tasks were created before the value changed at ${at}`,
  ],
  [
    "old tasks of an older deployment after a success within the margin",
    {
      seen: replaced(),
      deployments: [deployment(0, "SUCCESSFUL", { createdAtMs: changed + margin })],
    },
    {},
    "recycle",
    allOld,
  ],
  [
    "old tasks of an older deployment after a success",
    { seen: replaced(), deployments: [succeeded], described: true },
    {},
    "replacing",
    `${allOld}; the deployment made after the change succeeded, so ECS stops them`,
  ],
  [
    "old tasks that are protected from scale-in",
    {
      seen: replaced(),
      deployments: [succeeded],
      described: true,
      tasks: [
        task(old, { protectedUntilMs: now + minute }),
        task(old, { protectedUntilMs: now + 2 * minute }),
        task(old),
      ],
    },
    {},
    "replacing",
    `3 of 3 tasks were created before the value changed at ${at}; the deployment made after the change succeeded, so ECS stops them; scale-in protection keeps 2 of them until 2026-02-05T20:02:00.000Z or longer`,
  ],
  [
    "tasks that ECS replaces, presumed ones beside them",
    {
      seen: replaced(),
      deployments: [succeeded],
      described: true,
      tasks: [task(old), task(changed - minute, { startedBy: "new" })],
    },
    { values: { db: value(between(changed - 2 * minute, changed)) } },
    "replacing",
    `1 of 2 tasks were created before the value changed between 2026-02-05T19:48:00.000Z and ${at}; the deployment made after the change succeeded, so ECS stops them`,
  ],
  [
    "tasks that ECS replaces, and a newer value",
    { reads: two, seen: replaced(), deployments: [deployment(0.5, "SUCCESSFUL")], described: true },
    { values: laterValues },
    "recycle",
    "2 of 2 tasks were created before the value changed at 2026-02-05T19:51:00.000Z",
  ],
];

/** The service after a deployment whose tasks are not the old ones. */
function replaced(): ReturnType<typeof seen> {
  return seen({ primary: { id: "new", createdAtMs: changed + minute } });
}

const quiet: Row[] = [
  [
    "a value that was not looked at in this run",
    {},
    { values: { db: value(provedChange(), false) } },
    "proved",
    "all 2 tasks were created after the last known change; not every value was looked at in this run",
  ],
  [
    "a value that was never looked at",
    { reads: two },
    {},
    "proved",
    "all 2 tasks were created after the last known change; not every value was looked at in this run",
  ],
  ["every value looked at", {}, {}, "fresh", "all 2 tasks were created after the last change"],
  ["no value", { reads: [] }, {}, "fresh", "the tasks read no covered value that can change"],
  [
    "R13: a desired count of 0",
    { seen: seen({ desiredCount: 0, runningCount: 0 }), tasks: [] },
    {},
    "fresh",
    "the desired count is 0: no tasks run",
  ],
  [
    "a desired count of 0, and a protected task that holds the value",
    { seen: seen({ desiredCount: 0, runningCount: 1 }), tasks: [task(proved)] },
    {},
    "fresh",
    "all 1 tasks were created after the last change",
  ],
  [
    "R13: tasks that were started after the change by an old deployment",
    { seen: seen({ primary: { id: "old", createdAtMs: changed - 60 * minute } }) },
    {},
    "fresh",
    "all 2 tasks were created after the last change",
  ],
  [
    "a deployment in progress",
    { seen: seen({ unfinished: true }) },
    {},
    "rolling-out",
    "a deployment is in progress; its tasks are younger than the change",
  ],
  [
    "a deployment in progress that can replace no task",
    { seen: seen({ unfinished: true, bounds: { lower: 2, upper: 2 } }) },
    {},
    "cannot-replace",
    "a deployment is in progress, but at least 2 and at most 2 tasks may run: no task can be replaced",
  ],
  [
    "a deployment in progress that may still start a task",
    { seen: seen({ unfinished: true, bounds: { lower: 2, upper: 2 } }), tasks: [task(proved)] },
    {},
    "rolling-out",
    "a deployment is in progress; its tasks are younger than the change",
  ],
  [
    "a deployment in progress that shifts traffic, with bounds that only a rolling one keeps",
    { seen: seen({ unfinished: true, strategy: "BLUE_GREEN", bounds: { lower: 2, upper: 2 } }) },
    {},
    "rolling-out",
    "a deployment is in progress; its tasks are younger than the change",
  ],
  [
    "fewer tasks than run",
    { tasks: [task(proved)] },
    {},
    "rolling-out",
    "2 tasks are wanted, 2 run, and ECS lists 1",
  ],
  [
    "fewer tasks than wanted",
    { seen: seen({ runningCount: 1 }) },
    {},
    "rolling-out",
    "2 tasks are wanted, 1 run, and ECS lists 2",
  ],
  [
    "more tasks than wanted",
    { tasks: [task(proved), task(proved), task()], seen: seen({ runningCount: 3 }) },
    {},
    "fresh",
    "all 3 tasks were created after the last change",
  ],
  [
    "no task of those wanted",
    { tasks: [], seen: seen({ runningCount: 0 }) },
    {},
    "rolling-out",
    "2 tasks are wanted and none runs",
  ],
  [
    "a presumed value",
    {},
    { values: { db: value(between(changed - minute, changed + 5 * minute)) } },
    "presumed",
    "no event proved when the value changed, between 2026-02-05T19:49:00.000Z and 2026-02-05T19:55:00.000Z; every task is younger than its version",
  ],
  [
    "a presumed value and a deployment in progress",
    { seen: seen({ unfinished: true }) },
    { values: { db: value(between(changed - minute, changed + 5 * minute)) } },
    "rolling-out",
    "a deployment is in progress; its tasks are younger than the change",
  ],
  [
    "R7: a value that is denied beside one that is fresh",
    { reads: two },
    { values: { db: value(), api: failed("denied") } },
    "denied",
    "because denied",
  ],
  [
    "a value that is denied and a deployment in progress",
    { seen: seen({ unfinished: true }) },
    { values: { db: failed("denied") } },
    "denied",
    "because denied",
  ],
  [
    "R7: a reference that cannot be followed beside one that is fresh",
    { reads: [reads(), reads("x", { problem: "x: no event tells" })] },
    {},
    "unsupported",
    "x: no event tells",
  ],
  [
    "several values that are not fresh, the most urgent one in the middle",
    { reads: [reads("a"), reads("b"), reads("c")] },
    { values: { a: failed("not-found"), b: failed("retryable"), c: failed("denied") } },
    "deferred",
    "because retryable",
  ],
  [
    "two values that failed alike, the first of them",
    { reads: [reads("a"), reads("b")] },
    {
      values: { a: value(unseen("denied", "the first")), b: value(unseen("denied", "the second")) },
    },
    "denied",
    "the first",
  ],
  [
    "a change before the installation",
    { tasks: [task(old), task(old)] },
    { installedAtMs: now - minute },
    "predates-install",
    "the value changed before the recycler was installed; the recycler acts only on later changes",
  ],
  [
    "a version without a date",
    {},
    { values: { db: value({ hiMs: Infinity, proved: false, doubt: false }) } },
    "unknown",
    "AWS returned no date of the value's last change",
  ],
];

const unseenRows: Row[] = (
  [
    ["retryable", "deferred"],
    ["denied", "denied"],
    ["not-found", "not-found"],
    ["busy", "blocked"],
    ["refused", "unsupported"],
    ["unsupported", "unsupported"],
  ] as const
).flatMap(([code, decision]): Row[] => [
  [`a service that is ${code}`, { seen: unseen(code, "because") }, {}, decision, "because"],
  [`tasks that are ${code}`, { tasks: unseen(code, "because") }, {}, decision, "because"],
]);

const groups: [string, Row[], (fields: Partial<ServiceFacts>) => ServiceFacts][] = [
  ["a service whose tasks hold an old value", stale, service],
  ["such a service with a deployment in progress", underWay, service],
  ["such a service after its deployments", ended, service],
  ["a service whose tasks hold no old value", quiet, freshService],
  ["something that could not be looked at", unseenRows, service],
];

for (const [what, rows, facts] of groups)
  describe(`plan of ${what}`, () => {
    for (const [condition, fields, around, decision, reason] of rows)
      it(`is ${decision}: ${condition}`, () => {
        const planned = decisionOf(plan(facts(fields), run(around)));

        assert.deepEqual({ decision: planned.decision, reason: planned.reason }, { decision, reason });
      });
  });

describe("the needs of plan", () => {
  const undated: ValueChange = { hiMs: changed, proved: false, doubt: false };
  const notLooked = { db: value(provedChange(), false) };
  const earlier = [decided(freshService({ service: "first" }), "fresh")];
  const rows: [string, ReturnType<typeof plan>, Partial<ServiceFacts>, Around][] = [
    [
      "the dates of a value that a task may lack",
      { need: "dates", ids: ["db"] },
      {},
      { values: { db: value(undated) } },
    ],
    [
      "the deployments since before the change",
      { need: "deployments", sinceMs: changed - 61 * minute },
      { deployments: undefined },
      {},
    ],
    [
      "the protection of old tasks that run beside a desired count of 0",
      { need: "tasks", arns: [`task ${old}`] },
      { seen: seen({ desiredCount: 0, runningCount: 1 }), tasks: [task(old)] },
      {},
    ],
    [
      "the deployments since the earliest change",
      { need: "deployments", sinceMs: changed - 3 * minute },
      { deployments: undefined, reads: two, seen: seen({ primary: undefined }) },
      { values: { db: value(between(changed - 2 * minute, changed)), api: value() } },
    ],
    [
      "the deployments since the change where the PRIMARY is younger",
      { need: "deployments", sinceMs: changed - minute },
      { deployments: undefined, seen: replaced() },
      {},
    ],
    [
      "the deployments since the latest time of a change without an earliest",
      { need: "deployments", sinceMs: changed - minute },
      { deployments: undefined, seen: replaced(), tasks: [task(0)] },
      { values: { db: value({ loMs: changed, hiMs: changed, proved: true, doubt: false }) } },
    ],
    [
      "all values, where the newest ended deployment failed",
      { need: "values" },
      { deployments: [deployment(-1, "ROLLBACK_SUCCESSFUL"), deployment(-2, "SUCCESSFUL")] },
      { values: notLooked },
    ],
    [
      "the revision of a failed deployment",
      { need: "revisions", revisions: ["revision"] },
      {
        deployments: [deployment(1, "ROLLBACK_SUCCESSFUL", { definition: undefined, revision: "revision" })],
      },
      {},
    ],
    [
      "the revisions of all failed deployments that were not asked, each once",
      { need: "revisions", revisions: ["a", "b"] },
      {
        deployments: [
          deployment(6, "STOPPED", { definition: "api:2", revision: "asked" }),
          deployment(5, "ROLLBACK_SUCCESSFUL", { definition: undefined, revision: "a" }),
          deployment(4, "ROLLBACK_SUCCESSFUL", { definition: undefined, revision: "b" }),
          deployment(3, "ROLLBACK_SUCCESSFUL", { definition: undefined, revision: "a" }),
          deployment(2, "ROLLBACK_SUCCESSFUL", { definition: undefined }),
        ],
      },
      {},
    ],
    [
      "as many revisions as one call describes",
      { need: "revisions", revisions: Array.from({ length: 20 }, (_, index) => `${index}`) },
      {
        deployments: Array.from({ length: 21 }, (_, index) =>
          deployment(9 - index / 10, "ROLLBACK_FAILED", { definition: undefined, revision: `${index}` }),
        ),
      },
      {},
    ],
    [
      "the old tasks again, after a success, each once",
      { need: "tasks", arns: ["task 1", "task 2"] },
      {
        deployments: [deployment(2, "SUCCESSFUL")],
        reads: two,
        tasks: [task(1), task(2), task(proved + minute)],
        seen: replaced(),
      },
      { values: laterValues },
    ],
    ["all values before a later wave", { need: "values" }, { wave: 1 }, { values: notLooked, earlier }],
    [
      "the deployments of an earlier service that bakes",
      {
        need: "earlier-deployments",
        of: { ...earlier[0]!, facts: { ...earlier[0]!.facts, deployments: undefined } },
        sinceMs: changed,
      },
      { wave: 1 },
      {
        earlier: [decided(freshService({ service: "first", deployments: undefined }), "fresh")],
        limits: { bakeTimeInMinutes: 5 },
      },
    ],
  ];
  for (const [what, need, fields, around] of rows)
    it(`are ${what}`, () => assert.deepEqual(plan(service(fields), run(around)), need));

  it("are none of values where the newest ended deployment succeeded", () => {
    const deployments = [deployment(-2, "ROLLBACK_SUCCESSFUL"), deployment(-1, "SUCCESSFUL")];

    const planned = decisionOf(plan(service({ deployments }), run({ values: notLooked })));

    assert.equal(planned.decision, "recycle");
  });

  it("are none of values in the first wave", () => {
    const planned = decisionOf(plan(service({ wave: 1 }), run({ values: notLooked, firstWave: 1 })));

    assert.equal(planned.decision, "recycle");
  });

  it("are no look at what cannot be followed", () => {
    const facts = service({ wave: 1, reads: [reads(), reads("x", { problem: "no event tells" })] });

    assert.equal(decisionOf(plan(facts, run())).decision, "recycle");
  });
});

describe("plan of a service of a later wave", () => {
  const first = service({ service: "first" });
  const waits = "shop/first (wave 0) is recycle: " + allOld;

  it("waits for an earlier one that lacks the value", () => {
    const planned = decisionOf(plan(service({ wave: 1 }), run({ earlier: [decided(first, "recycle")] })));

    assert.deepEqual(
      [planned.decision, planned.reason, planned.waitsFor, planned.governing?.id],
      ["waiting-for-wave", waits, ["shop/first"], "db"],
    );
  });

  it("is halted with an earlier one that lacks the value", () => {
    const planned = decisionOf(plan(service({ wave: 1 }), run({ earlier: [decided(first, "halted")] })));

    assert.deepEqual(
      [planned.decision, planned.reason, planned.waitsFor],
      ["halted", "shop/first (wave 0) is halted: because", []],
    );
  });

  it("R4: waits for any value that is newer than its tasks", () => {
    const facts = service({ wave: 1, reads: [reads("own"), reads("db")] });
    const values = { own: value(provedChange(changed + minute)), db: value() };

    const planned = decisionOf(plan(facts, run({ values, earlier: [decided(first, "halted")] })));

    assert.equal(planned.decision, "halted");
  });

  it("waits for a value that settles, beside one that could be recycled", () => {
    const facts = service({ wave: 1, reads: [reads("own"), reads("db")] });
    const values = { own: value(), db: value(provedChange(now - second)) };

    const planned = decisionOf(plan(facts, run({ values, earlier: [decided(first, "settling")] })));

    assert.deepEqual([planned.decision, planned.waitsFor], ["waiting-for-wave", ["shop/first"]]);
  });

  it("does not wait for a value that its new tasks would not read", () => {
    const facts = service({ wave: 1, reads: [reads("db", { current: false })] });

    const planned = decisionOf(plan(facts, run({ earlier: [decided(first, "halted")] })));

    assert.equal(planned.decision, "recycle");
  });

  it("does not wait for a value from before the installation", () => {
    const facts = service({ wave: 1, reads: [reads("old"), reads("own")] });
    const values = { old: value(provedChange(changed - minute)), own: value() };
    const earlier = [decided(service({ service: "first", reads: [reads("old")] }), "predates-install")];

    const planned = decisionOf(plan(facts, run({ values, earlier, installedAtMs: changed - second })));

    assert.equal(planned.decision, "recycle");
  });

  it("goes on where the earlier one holds it", () => {
    const earlier = [decided(freshService({ service: "first" }), "fresh")];

    assert.equal(decisionOf(plan(service({ wave: 1 }), run({ earlier }))).decision, "recycle");
  });
});

describe("a decision", () => {
  function verdictsOf(planned: Decision): [string, VerdictName][] {
    return planned.verdicts.map(({ id, verdict }) => [id, verdict]);
  }

  it("carries the value that decided, its caller, the tasks and the deployment", () => {
    const change = provedChange(changed, { who: "operator" });
    const facts = service({ tasks: [task(old), task(proved), task()], mutableImage: true, wave: 3 });
    const governing = {
      id: "db",
      key: "key of db",
      subject: "shop/db",
      label: "AWSCURRENT",
      tasks: 3,
      staleTasks: 1,
      change,
      verdict: "stale",
      reason: `1 of 3 tasks were created before the value changed at ${at}`,
    };

    assert.deepEqual(plan(facts, run({ firstWave: 3, values: { db: value(change) } })), {
      decision: "recycle",
      reason: governing.reason,
      cluster: "shop",
      service: "api",
      wave: 3,
      cause: "sweep",
      who: "operator",
      governing,
      verdicts: [governing],
      tasks: { running: 3, stale: 1 },
      deploymentCreatedAtMs: changed - 60 * minute,
      mutableImage: true,
    });
  });

  it("carries nothing of what could not be looked at", () => {
    assert.deepEqual(plan(service({ seen: unseen("denied", "because") }), run()), {
      decision: "denied",
      reason: "because",
      cluster: "shop",
      service: "api",
      wave: 0,
      cause: "sweep",
      verdicts: [],
      deploymentCreatedAtMs: undefined,
      mutableImage: undefined,
    });
  });

  it("carries no deployment where ECS shows no PRIMARY", () => {
    const planned = decisionOf(plan(service({ seen: seen({ primary: undefined }) }), run()));

    assert.equal(planned.deploymentCreatedAtMs, undefined);
  });

  it("counts a task once that holds two old values", () => {
    const planned = decisionOf(
      plan(
        service({ reads: two, tasks: [task(old), task(changed + 30 * second)] }),
        run({ values: laterValues }),
      ),
    );

    assert.deepEqual(planned.tasks, { running: 2, stale: 2 });
  });

  it("counts no task that is presumed to hold the value", () => {
    const tasks = [task(old), task(changed - minute), task(proved)];
    const around = run({ values: { db: value(between(changed - 2 * minute, changed)) } });

    assert.deepEqual(decisionOf(plan(service({ tasks }), around)).tasks, { running: 3, stale: 1 });
  });

  it("is governed by the value of the latest change among fresh ones", () => {
    const planned = decisionOf(
      plan(freshService({ reads: [...two, reads("old")], tasks: [task(now), task(now)] }), {
        ...run({ values: { ...laterValues, old: value(provedChange(old)) } }),
      }),
    );

    assert.deepEqual([planned.decision, planned.governing?.id], ["fresh", "api"]);
  });

  it("is governed by the value of the latest known change where not every one was looked at", () => {
    const facts = freshService({ reads: two, tasks: [task(now), task(now)] });
    const values = { ...laterValues, db: value(provedChange(), false) };

    const planned = decisionOf(plan(facts, run({ values })));

    assert.deepEqual([planned.decision, planned.governing?.id], ["proved", "api"]);
  });

  it("is governed by no value where tasks read none", () => {
    assert.equal(decisionOf(plan(freshService({ reads: [] }), run())).governing, undefined);
  });

  const governed: [string, Partial<ServiceFacts>, Around, string, [string, VerdictName][]][] = [
    [
      "a value that cannot be replaced",
      { reads: two, seen: seen({ bounds: { lower: 1, upper: 1 } }) },
      { values: laterValues },
      "api",
      [
        ["db", "stale"],
        ["api", "stale"],
      ],
    ],
    [
      "a value that does not exist",
      { reads: two },
      { values: { db: value(), api: failed("not-found") } },
      "api",
      [
        ["db", "stale"],
        ["api", "not-found"],
      ],
    ],
    [
      "of two values, the one that a deployment in progress does not bring",
      { reads: two, deployments: [deployment(0.5, "IN_PROGRESS")] },
      { values: laterValues },
      "api",
      [
        ["db", "rolling-out"],
        ["api", "blocked"],
      ],
    ],
    [
      "the doubt that a deployment in progress does not end, beside a value that it brings",
      { reads: two, deployments: [deployment(0.5, "IN_PROGRESS")] },
      {
        values: {
          db: value(),
          api: value(between(changed - 60 * minute, changed + minute, { doubt: true })),
        },
      },
      "api",
      [
        ["db", "rolling-out"],
        ["api", "blocked"],
      ],
    ],
    [
      "of two values, the later one that a deployment in progress brings",
      { reads: [...two, reads("x")], deployments: [deployment(2, "IN_PROGRESS")] },
      { values: { ...laterValues, x: failed("denied") } },
      "api",
      [
        ["db", "rolling-out"],
        ["api", "rolling-out"],
        ["x", "denied"],
      ],
    ],
    [
      "the value that is halted",
      { reads: two, deployments: [deployment(0.5, "ROLLBACK_SUCCESSFUL")] },
      { values: laterValues },
      "db",
      [
        ["db", "halted"],
        ["api", "stale"],
      ],
    ],
    [
      "the value whose tasks are replaced",
      { reads: two, seen: replaced(), deployments: [deployment(2, "SUCCESSFUL")], described: true },
      { values: laterValues },
      "api",
      [
        ["db", "replacing"],
        ["api", "replacing"],
      ],
    ],
    [
      "the value that was forced a short time ago",
      { reads: two, forcedAtMs: now - minute },
      { values: laterValues },
      "api",
      [
        ["db", "stale"],
        ["api", "stale"],
      ],
    ],
    [
      "the value that waits for a limit",
      { reads: two },
      { values: laterValues, limits: { maxConcurrentDeployments: 0 } },
      "api",
      [
        ["db", "stale"],
        ["api", "stale"],
      ],
    ],
    [
      "the value that a new deployment brings, not those whose tasks are replaced",
      { reads: two, seen: replaced(), deployments: [deployment(0.5, "SUCCESSFUL")], described: true },
      { values: laterValues },
      "api",
      [
        ["db", "stale"],
        ["api", "stale"],
      ],
    ],
    [
      "the most urgent of values that are not stale",
      { reads: two, tasks: [task(proved), task(proved)] },
      { values: { db: value(), api: failed("denied") } },
      "api",
      [
        ["db", "fresh"],
        ["api", "denied"],
      ],
    ],
  ];
  for (const [what, fields, around, id, verdicts] of governed)
    it(`is governed by ${what}`, () => {
      const planned = decisionOf(plan(service(fields), run(around)));

      assert.deepEqual([planned.governing?.id, verdictsOf(planned)], [id, verdicts]);
      assert.deepEqual(
        planned.governing,
        planned.verdicts.find((verdict) => verdict.id === id),
      );
    });
});

const time = fc.oneof(
  fc.integer({ min: -10, max: 30 }).map((minutes) => changed + minutes * minute),
  fc.integer({ min: -15_000, max: 15_000 }).map((ms) => changed + ms),
);
const anyUnseen = fc
  .constantFrom<Unseen["code"]>("retryable", "denied", "not-found", "busy", "refused", "unsupported")
  .map((code) => unseen(code, "because"));
const anyChange: fc.Arbitrary<ValueChange> = fc
  .record({ a: time, b: time, proved: fc.boolean(), doubt: fc.boolean(), dated: fc.nat(4) })
  .map(({ a, b, proved: isProved, doubt, dated }) => {
    const [lo, hi] = [Math.min(a, b), Math.max(a, b)];
    if (isProved) return provedChange(hi);
    return { loMs: dated === 0 ? undefined : lo, hiMs: dated === 1 ? NaN : hi, proved: false, doubt };
  });
const anyValue: fc.Arbitrary<ValueFacts> = fc.record({
  change: fc.oneof({ weight: 4, arbitrary: anyChange }, { weight: 1, arbitrary: anyUnseen }),
  looked: fc.boolean(),
});
const ids = ["a", "b", "c"];
const anyTasks: fc.Arbitrary<readonly TaskFacts[]> = fc.array(
  fc
    .record({
      createdAtMs: fc.option(time, { nil: undefined }),
      definition: fc.constantFrom("api:1", "api:2"),
      startedBy: fc.constantFrom("old", "new", undefined),
    })
    .map(({ createdAtMs, ...fields }) => task(createdAtMs, fields)),
  { maxLength: 3 },
);
const anyDeployments: fc.Arbitrary<readonly ServiceDeployment[]> = fc.array(
  fc.record({
    arn: fc.constant("arn"),
    createdAtMs: time,
    status: fc.constantFrom(
      "SUCCESSFUL",
      "SUCCESSFUL",
      "STOPPED",
      "IN_PROGRESS",
      "ROLLBACK_SUCCESSFUL",
      "PENDING",
      "NEW",
    ),
    finishedAtMs: fc.option(time, { nil: undefined }),
    revision: fc.constantFrom(undefined, "revision"),
    definition: fc.constantFrom(undefined, "api:1", "api:2"),
    pause: fc.constantFrom(undefined, undefined, undefined, { hookId: "hook" }),
  }),
  { maxLength: 4 },
);
const anyService: fc.Arbitrary<ServiceFacts> = fc.record({
  cluster: fc.constant("shop"),
  service: fc.constantFrom("api", "web"),
  wave: fc.nat(2),
  cause: fc.constant("sweep"),
  seen: fc.oneof(
    { weight: 1, arbitrary: anyUnseen },
    {
      weight: 6,
      arbitrary: fc
        .record({
          controller: fc.constantFrom("ECS", "ECS", "ECS", "CODE_DEPLOY", "EXTERNAL"),
          strategy: fc.constantFrom("ROLLING", "BLUE_GREEN"),
          desiredCount: fc.constantFrom(0, 1, 2, 2),
          runningCount: fc.nat(3),
          bounds: fc.constantFrom({ lower: 1, upper: 1 }, { lower: 2, upper: 4 }),
          primary: fc.option(fc.record({ id: fc.constant("new"), createdAtMs: time }), { nil: undefined }),
          unfinished: fc.boolean(),
        })
        .map(seen),
    },
  ),
  tasks: fc.oneof({ weight: 1, arbitrary: anyUnseen }, { weight: 6, arbitrary: anyTasks }),
  reads: fc.subarray(ids).chain((chosen) =>
    fc.tuple(
      ...chosen.map((id) =>
        fc
          .record({
            definitions: fc.constantFrom(undefined, [definition], ["api:2"]),
            current: fc.boolean(),
            problem: fc.constantFrom(undefined, undefined, "no event tells"),
          })
          .map((fields) => reads(id, fields)),
      ),
    ),
  ),
  deployments: fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: anyUnseen },
    { weight: 6, arbitrary: anyDeployments },
  ),
  described: fc.boolean(),
  forcedAtMs: fc.option(time, { nil: undefined }),
  staleSinceMs: fc.option(time, { nil: undefined }),
});
const anyRun: fc.Arbitrary<RunFacts> = fc
  .record({
    nowMs: fc.integer({ min: 0, max: 60 }).map((minutes) => changed + minutes * minute),
    installedAtMs: fc.option(fc.oneof(time, fc.constant(changed - 60 * minute)), { nil: undefined }),
    delaySeconds: fc.integer({ min: 3, max: 60 }),
    limits: fc.record(
      {
        minutesBetweenDeployments: fc.nat(20),
        maxConcurrentDeployments: fc.nat(3),
        bakeTimeInMinutes: fc.nat(20),
        overtakeAfterMinutes: fc.nat(20),
      },
      { requiredKeys: [] },
    ),
    earlier: fc.array(
      fc
        .tuple(anyService, fc.constantFrom(...decisions))
        .map(([facts, decision]) => decided(facts, decision)),
      { maxLength: 2 },
    ),
    firstWave: fc.constant(0),
    unlisted: fc.array(fc.record({ cluster: fc.constant("x"), wave: fc.nat(1), seen: anyUnseen }), {
      maxLength: 1,
    }),
    inProgress: fc.nat(3),
    values: fc.record({ a: anyValue, b: anyValue, c: anyValue }, { requiredKeys: [] }),
  })
  .map(({ values, ...fields }) => run({ ...fields, values: values }));

describe("plan, whatever it is asked,", () => {
  it("gives one decision of the closed list with a reason, or says what it needs", () => {
    fc.assert(
      fc.property(anyService, anyRun, (facts, around) => {
        const planned = plan(facts, around);
        if ("need" in planned) return planned.need.length > 0;
        return decisions.includes(planned.decision) && planned.reason.length > 0;
      }),
      { numRuns: 2000 },
    );
  });

  it("recycles only where a task holds an old value or may, nothing else is under way and no limit stands", () => {
    fc.assert(
      fc.property(anyService, anyRun, (facts, around) => {
        const planned = plan(facts, around);
        if ("need" in planned || planned.decision !== "recycle") return true;
        const { seen: found, tasks, deployments = [] } = facts;
        assert.ok("controller" in found && found.controller === "ECS" && found.desiredCount > 0);
        assert.ok(Array.isArray(tasks) && Array.isArray(deployments));
        const { governing } = planned;
        assert.ok(governing?.change && (governing.verdict === "stale" || governing.verdict === "doubt"));
        const { change } = governing;
        const marginMs = marginOf(around.delaySeconds);
        assert.ok((tasks as TaskFacts[]).some(({ createdAtMs }) => isOld(createdAtMs, change, marginMs)));
        assert.ok((planned.tasks?.stale ?? 0) > 0);
        const inProgress = (deployments as ServiceDeployment[]).filter(
          ({ status }) => !["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL"].includes(status),
        );
        const { overtakeAfterMinutes, maxConcurrentDeployments } = around.limits;
        if (inProgress.length > 0) return overtakeAfterMinutes !== undefined && found.strategy === "ROLLING";
        const others = around.inProgress - (found.unfinished ? 1 : 0);
        return maxConcurrentDeployments === undefined || others < maxConcurrentDeployments;
      }),
      { numRuns: 3000 },
    );
  });

  it("is not fresh of a service when it is not fresh of the same service with a younger task", () => {
    const isFresh = (planned: ReturnType<typeof plan>): boolean =>
      !("need" in planned) && (planned.decision === "fresh" || planned.decision === "proved");
    fc.assert(
      fc.property(
        anyService,
        anyRun,
        fc.nat(2),
        fc.integer({ min: 0, max: 3_600_000 }),
        (facts, around, which, by) => {
          const { tasks } = facts;
          if (!Array.isArray(tasks)) return true;
          const older = (tasks as TaskFacts[]).map((one, index) =>
            index === which && one.createdAtMs !== undefined
              ? { ...one, createdAtMs: one.createdAtMs - by }
              : one,
          );
          return isFresh(plan(facts, around)) || !isFresh(plan({ ...facts, tasks: older }, around));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
