/**
 * The one table of decisions, most urgent first. The log, the alarms and docs/decisions.md are made from it. A service
 * gets one decision: that of its most urgent value.
 */

/** What is said about a decision. */
export interface DecisionRow {
  /** What the recycler found. */
  readonly meaning: string;
  /** What ends it; absent for a decision that needs no end. */
  readonly ends?: string;
  /** What the alarm says; absent: no alarm. */
  readonly alarm?: DecisionAlarm;
}

/** What an alarm says of a decision. */
export interface DecisionAlarm {
  readonly happened: string;
  /** What a person does about it. */
  readonly todo: string;
  /** True for what ends by itself as a rule: the alarm waits until it has lasted. */
  readonly lasting?: true;
}

const table = {
  recycle: {
    meaning: "tasks hold an old value: the recycler forces a new deployment",
    ends: "the end of the deployment",
  },
  halted: {
    meaning: "a deployment with the new value failed: another would fail in the same way",
    ends: "another change of the value, or a deployment that succeeds",
    alarm: {
      happened: "A deployment with a new value failed or was stopped, and the recycler makes no other",
      todo: "correct the value, or deploy the service so that it gets healthy",
    },
  },
  "waiting-for-person": {
    meaning: "a deployment waits at a pause hook: the reason gives the command that continues it",
    ends: "a person continues the deployment, or the hook's time ends",
  },
  "cannot-replace": {
    meaning: "the deployment configuration lets ECS neither stop nor start a task",
    ends: "another minimum or maximum percent of the service",
    alarm: {
      happened: "The deployment configuration of a covered service lets ECS replace no task",
      todo: "change the service's minimum or maximum percent",
    },
  },
  "cooling-down": {
    meaning:
      "a deployment is younger than `limits.minutesBetweenDeployments`, or `limits.maxDeploymentsPerHour` is reached",
    ends: "time",
  },
  "at-capacity": {
    meaning: "`limits.maxConcurrentDeployments` deployments are in progress",
    ends: "the end of one of them",
  },
  "waiting-for-wave": {
    meaning: "a service of an earlier wave does not hold the value yet",
    ends: "the end of the earlier wave",
  },
  blocked: {
    meaning: "a deployment that began before the change is in progress: the recycler forces none over it",
    ends: "the end of the deployment",
  },
  settling: {
    meaning: "the value changed less than the queue's delay ago: a new task could still read the old one",
    ends: "the change's own event, or the next sweep",
  },
  replacing: {
    meaning: "a deployment made after the change succeeded, and old tasks still run",
    ends: "ECS stops the old tasks; the reason says how long they are protected",
    alarm: {
      happened: "Old tasks of a service still run after a deployment that succeeded",
      todo: "end the scale-in protection of the old tasks, or stop them",
      lasting: true,
    },
  },
  "rolling-out": {
    meaning: "a deployment made after the change is in progress, or tasks that are wanted do not run yet",
    ends: "the end of the deployment",
  },
  deferred: {
    meaning: "a call was throttled or failed, the run's time ended, or the service waits for its turn",
    ends: "the next sweep",
    alarm: {
      happened:
        "The recycler could not look at a service or a cluster, or could not recycle a service in its turn, and later waves wait for it",
      todo: "read the reason: it names the call that failed",
      lasting: true,
    },
  },
  denied: {
    meaning: "a permission is missing",
    ends: "the permission",
    alarm: {
      happened: "IAM denied the recycler a call for a covered service",
      todo: "remove what denies the call: the reason names the permission",
    },
  },
  "not-found": {
    meaning: "the service, its secret or its parameter does not exist: new tasks could not start",
    ends: "the service, secret or parameter exists",
    alarm: {
      happened: "A covered service, its secret or its parameter does not exist",
      todo: "correct the settings or the task definition, or make again what is missing",
    },
  },
  unsupported: {
    meaning:
      "another deployment controller replaces the tasks (CODE_DEPLOY, EXTERNAL), or no event tells about the value",
    ends: "another controller, another reference",
    alarm: {
      happened: "The recycler cannot redeploy a covered service, or cannot follow what it reads",
      todo: "deploy the service yourself, then exclude it or change what the reason names",
    },
  },
  unknown: {
    meaning: "AWS gives no time from which to tell whether tasks hold the value",
    ends: "another change of the value, or a new deployment",
    alarm: {
      happened: "AWS gives no time from which to tell whether a service holds its values",
      todo: "deploy the service once",
      lasting: true,
    },
  },
  "predates-install": {
    meaning: "the value changed before the recycler was installed",
    ends: "another change of the value, or a new deployment",
  },
  presumed: {
    meaning: "every task is younger than the value's version, but no event proved when the value changed",
    ends: "another change of the value, or a new deployment",
  },
  proved: {
    meaning: "every task was created after the changes known from earlier looks",
  },
  fresh: {
    meaning:
      "every task was created after every value's last change, and each value was looked at in this run",
  },
} as const satisfies Readonly<Record<string, DecisionRow>>;

/** One of the closed list. Only `recycle` changes anything. */
export type DecisionName = keyof typeof table;

/** The table by name. */
export const decisionTable: Readonly<Record<DecisionName, DecisionRow>> = table;

/** All decisions, most urgent first. */
export const decisions = Object.keys(table) as readonly DecisionName[];

/**
 * The verdict about one value. Besides the decisions: `stale` and `doubt` for a value whose tasks wait for what is
 * decided about another one; `doubt`: the value changed while these tasks were created; `requested`: no value, but what
 * a person asked for.
 */
export type VerdictName = DecisionName | "stale" | "doubt" | "requested";
