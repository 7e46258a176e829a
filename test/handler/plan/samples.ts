/** Facts for the tests of the plan: a stale service that may be recycled, and what a test changes about it. */
import {
  unseen,
  type Decision,
  type Need,
  type Planned,
  type ReadFacts,
  type RunFacts,
  type SeenService,
  type ServiceDeployment,
  type ServiceFacts,
  type TaskFacts,
  type Unseen,
  type ValueFacts,
} from "../../../handler/facts";
import type { ValueChange } from "../../../handler/plan/freshness";

export const second = 1000;
export const minute = 60 * second;
export const now = Date.parse("2026-02-05T20:00:00Z");
/** When the value changed. */
export const changed = now - 10 * minute;
/** The margin of the samples' delay. */
export const margin = 10 * second;
/** The earliest creation of a task that is proved to hold the value. */
export const proved = changed + margin + 1;
export const definition = "api:1";

/** A change that an event proved. */
export function provedChange(atMs = changed, fields: Partial<ValueChange> = {}): ValueChange {
  return { loMs: atMs, hiMs: atMs, proved: true, doubt: false, versionId: "v2", ...fields };
}

/** A change between two times, of which no event told. */
export function between(loMs: number, hiMs: number, fields: Partial<ValueChange> = {}): ValueChange {
  return { loMs, hiMs, proved: false, doubt: false, versionId: "v2", ...fields };
}

/** A value looked at in this run. */
export function value(change: ValueChange | Unseen = provedChange(), looked = true): ValueFacts {
  return { change, looked };
}

/** A value whose look failed. */
export function failed(code: Unseen["code"]): ValueFacts {
  return value(unseen(code, `because ${code}`));
}

export function reads(id = "db", fields: Partial<ReadFacts> = {}): ReadFacts {
  return {
    id,
    key: `key of ${id}`,
    subject: `shop/${id}`,
    label: "AWSCURRENT",
    current: true,
    ...fields,
  };
}

export function task(createdAtMs?: number, fields: Partial<TaskFacts> = {}): TaskFacts {
  return { arn: `task ${createdAtMs ?? "starting"}`, createdAtMs, definition, startedBy: "old", ...fields };
}

export function seen(fields: Partial<SeenService> = {}): SeenService {
  return {
    kind: "service",
    controller: "ECS",
    strategy: "ROLLING",
    desiredCount: 2,
    runningCount: 2,
    bounds: { lower: 2, upper: 4 },
    primary: { id: "old", createdAtMs: changed - 60 * minute },
    unfinished: false,
    definitions: [definition],
    pauses: false,
    ...fields,
  };
}

/** A deployment so many minutes after the change. */
export function deployment(
  minutesAfterChange: number,
  status: string,
  fields: Partial<ServiceDeployment> = {},
): ServiceDeployment {
  return {
    arn: `deployment ${minutesAfterChange}`,
    createdAtMs: changed + minutesAfterChange * minute,
    status,
    definition,
    ...fields,
  };
}

/** A service with two tasks from before the change of the one value that it reads. */
export function service(fields: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    cluster: "shop",
    service: "api",
    wave: 0,
    cause: "sweep",
    seen: seen(),
    tasks: [task(changed - 50 * minute), task(changed - 40 * minute)],
    reads: [reads()],
    deployments: [],
    ...fields,
  };
}

/** The same with tasks that hold the value. */
export function freshService(fields: Partial<ServiceFacts> = {}): ServiceFacts {
  return service({ tasks: [task(proved), task(proved + minute)], ...fields });
}

/** A run in which the value `db` was looked at. */
export function run(
  fields: Partial<Omit<RunFacts, "values">> & { values?: Readonly<Record<string, ValueFacts>> } = {},
): RunFacts {
  const values = new Map(Object.entries(fields.values ?? { db: value() }));
  return {
    nowMs: now,
    installedAtMs: now - 600 * minute,
    rememberedSinceMs: now - 600 * minute,
    delaySeconds: 15,
    limits: {},
    earlier: [],
    firstWave: 0,
    unlisted: [],
    inProgress: 0,
    ...fields,
    values,
  };
}

/** A decision about a service, as far as later waves look at it. */
export function decided(facts: ServiceFacts, decision: Decision["decision"], reason = "because"): Planned {
  const { cluster, service: name, wave, cause } = facts;
  return { facts, decision: { decision, reason, cluster, service: name, wave, cause, verdicts: [] } };
}

/** The decision; fails for a need. */
export function decisionOf(result: Decision | Need): Decision {
  if ("need" in result) throw new Error(`needs ${JSON.stringify(result)}`);
  return result;
}
