/**
 * One run: a batch of events, or a question. Surveys the services, then decides and recycles wave by wave, ten services
 * at a time.
 */
import type { Reference } from "../aws-semantics/secret-reference";
import type { RunEnvironment, Task } from "./environment";
import { caughtFault } from "./errors";
import {
  decisionOfFailure,
  isUnseen,
  serviceKey,
  type Decision,
  type Need,
  type Planned,
  type RunFacts,
  type SeenService,
  type ServiceFacts,
  type ValueFacts,
} from "./facts";
import type { Observer } from "./observe";
import { concerns } from "./readers";
import { wait } from "./line";
import { hourMs } from "./plan/limits";
import { forceAgainMs } from "./plan/plan";
import { reportStandaloneTasks } from "./standalone-tasks";
import { describeAll, survey, type Looks, type Surveyed } from "./survey";
import {
  createTargets,
  firstTargets,
  groupSize,
  nextTargets,
  releasedTargets,
  rememberDecision,
  secondsToFresh,
  type ClusterLists,
  type Target,
  type Targets,
} from "./targets";

/** What a run found out. */
export interface Ran {
  readonly decided: readonly Planned[];
  /** True when no service could be described: SQS must deliver the batch again. */
  readonly unreadable: boolean;
}

const turnText = "waits for its turn: ECS takes 5 UpdateService calls a second";
/** How long a run works the line off, so that a new message waits no longer. */
const lineMs = 25_000;

/** Surveys, decides, acts, and logs a line for each decision. */
export async function reconcile(environment: RunEnvironment, observer: Observer, task: Task): Promise<Ran> {
  const { log, now, memory } = environment;
  const looks: Looks = new Map();
  const decided: Planned[] = [];
  const lists: ClusterLists = new Map();
  const beganMs = now();
  let inLine = false;
  let targets: Targets | undefined = await firstTargets(environment, observer, task, lists, looks);
  const unlisted = targets.unlisted;
  for (;;) {
    while (targets && (targets.targets.size > 0 || targets.unlisted.length > 0)) {
      const round = await runRound(environment, observer, task, targets, { looks, lists, inLine });
      decided.push(...round);
      targets = await releasedTargets(environment, observer, task, round, lists);
      const isDecided = (key: string): boolean =>
        decided.some(({ facts }) => serviceKey(facts.cluster, facts.service) === key);
      if (targets && [...targets.targets.keys()].every(isDecided)) break;
    }
    // A full batch has more behind it.
    if (task.asking || task.full || memory.line.size === 0 || now() - beganMs >= lineMs) break;
    inLine = true;
    targets = await nextTargets(environment, observer, lists);
  }
  if (memory.line.size > 0) log.note("waiting", turnText, { services: memory.line.size });
  for (const cluster of new Set(decided.map(({ facts }) => facts.cluster)))
    if (task.sweep || task.ended.length > 0) log.staleTasks(cluster, staleTasksOf(environment, cluster));
  if (task.sweep && !task.asking) await reportStandaloneTasks(environment, observer, now());
  const failed = [...looks.values()].filter(({ seen }) => isUnseen(seen) && seen.code === "retryable").length;
  const deferred = failed + unlisted.filter(({ seen }) => seen.code === "retryable").length;
  return { decided, unreadable: deferred > 0 && failed === looks.size };
}

/** The tasks of a cluster that hold an old value, as far as this container has seen its services. */
function staleTasksOf({ memory }: RunEnvironment, cluster: string): number {
  let sum = 0;
  for (const [key, { staleTasks = 0 }] of memory.services)
    if (key.startsWith(`${cluster}/`)) sum += staleTasks;
  return sum;
}

/** Decides about the targets, wave by wave. */
async function runRound(
  environment: RunEnvironment,
  observer: Observer,
  task: Task,
  { targets, unlisted }: Targets,
  { looks, lists, inLine }: { readonly looks: Looks; readonly lists: ClusterLists; readonly inLine: boolean },
): Promise<readonly Planned[]> {
  const { settings, coverage, log, memory } = environment;
  if (!task.asking) for (const [key, { context }] of targets) if (!context) memory.line.delete(key);
  const cause = task.sweep?.cause ?? task.ended[0]?.cause ?? task.changes[0]?.cause ?? "";
  for (const { cluster, wave, seen } of unlisted) {
    // A whole cluster that could not be listed.
    const about = { cluster, service: "*", wave, cause, verdicts: [] };
    log.decision({ ...about, decision: decisionOfFailure(seen.code), reason: seen.reason });
  }
  const lastMs = ({ cluster, service }: Target): number =>
    memory.services.get(serviceKey(cluster, service))?.decidedAtMs ?? 0;
  const ordered = [...targets.values()].sort(
    (a, b) =>
      a.wave - b.wave ||
      lastMs(a) - lastMs(b) ||
      (serviceKey(a.cluster, a.service) < serviceKey(b.cluster, b.service) ? -1 : 1),
  );
  const limited = settings.limits.maxConcurrentDeployments !== undefined;
  if (limited) await describeCovered(environment, observer, looks, lists);
  const found = await survey(environment, observer, ordered, looks);
  const references = new Map(found.flatMap((one) => [...one.references]));
  const { home } = environment;
  const looked = task.changes.filter((change) => observer.values.isLooked(change));
  const wanted = found.flatMap(({ target: { looks: which }, references: own }) =>
    [...own.values()].filter(
      (reference) =>
        which === "all" ||
        (which === "known" && observer.values.facts(reference) === undefined) ||
        looked.some((change) => concerns(change, reference, home)),
    ),
  );
  await observer.values.look(wanted, task.sweep !== undefined);
  const installedAtMs = found.length > 0 ? await observer.installedAt() : undefined;
  const state: RoundState = {
    environment,
    observer,
    references,
    run: {
      installedAtMs,
      rememberedSinceMs: memory.sinceMs,
      delaySeconds: settings.delaySeconds,
      limits: settings.limits,
      firstWave: coverage.firstWave,
      unlisted,
    },
    earlier: [],
    lineUp: task.sweep !== undefined && !inLine,
    inProgress: limited ? inProgress(environment, looks) : 0,
  };
  const decided: Planned[] = [];
  for (const group of groups(found)) {
    const informed = await Promise.all(
      group.map(async ({ facts, target }) => ({ facts: await inform(state, facts), target })),
    );
    const results = await Promise.allSettled(
      informed.map(({ facts, target }) => finish(state, task, facts, target.context)),
    );
    for (const [index, result] of results.entries())
      if (result.status === "fulfilled") {
        decided.push(result.value);
        if (group[index]?.target.context) continue;
        log.decision(
          result.value.decision,
          task.asking ? undefined : secondsToFresh(environment, result.value),
        );
        rememberDecision(environment, result.value);
      }
    const broken = results.find((result) => result.status === "rejected");
    if (broken?.status === "rejected") throw broken.reason;
  }
  return decided;
}

/** What stays the same in a round, and what the services decided so far leave. */
interface RoundState {
  readonly environment: RunEnvironment;
  readonly observer: Observer;
  readonly references: ReadonlyMap<string, Reference>;
  readonly run: Omit<RunFacts, "nowMs" | "values" | "earlier" | "inProgress">;
  readonly earlier: Planned[];
  /** True where a service waits in the line instead of in this run: a sweep may find very many. */
  readonly lineUp: boolean;
  inProgress: number;
}

function runFacts({ environment, observer, references, run, earlier, inProgress }: RoundState): RunFacts {
  const values = {
    get: (id: string): ValueFacts | undefined => {
      const reference = references.get(id);
      return reference && observer.values.facts(reference);
    },
  };
  return { ...run, values, earlier, inProgress, nowMs: environment.now() };
}

/** Fetches what `plan` needs, until it decides. */
async function inform(state: RoundState, facts: ServiceFacts): Promise<ServiceFacts> {
  let known = facts;
  for (let asked = 0; asked <= mostNeeds; asked++) {
    const result = state.environment.parts.plan(known, runFacts(state));
    if (!("need" in result)) return known;
    known = await supply(state, known, result);
  }
  throw new Error(`the plan of ${facts.cluster}/${facts.service} asks without end`);
}

/** A service may need its dates again for each value, and each earlier service's deployments. */
const mostNeeds = 1000;

/** The facts with what was needed. */
async function supply(
  { observer, references, earlier }: RoundState,
  facts: ServiceFacts,
  need: Need,
): Promise<ServiceFacts> {
  const { cluster, service, seen, tasks } = facts;
  switch (need.need) {
    case "values":
      await observer.values.look(
        facts.reads.flatMap(({ id }) => references.get(id) ?? []),
        false,
      );
      return facts;
    case "dates":
      await observer.values.date(need.ids.flatMap((id) => references.get(id) ?? []));
      return facts;
    case "deployments":
      return {
        ...facts,
        deployments: await observer.deployments(cluster, service, need.sinceMs, shown(seen)),
      };
    case "revisions": {
      const definitions = await observer.definitionsOf(need.revisions);
      if (isUnseen(definitions)) return { ...facts, deployments: definitions };
      const deployments = facts.deployments;
      if (deployments === undefined || isUnseen(deployments)) return facts;
      return {
        ...facts,
        deployments: deployments.map((one) => {
          if (one.revision === undefined || !need.revisions.includes(one.revision)) return one;
          const definition = definitions.get(one.revision);
          return definition === undefined ? { ...one, revision: undefined } : { ...one, definition };
        }),
      };
    }
    case "tasks": {
      const again = await observer.tasksAgain(cluster, need.arns);
      if (isUnseen(again)) return { ...facts, tasks: again };
      if (isUnseen(tasks)) return facts;
      return {
        ...facts,
        described: true,
        tasks: tasks
          .filter(({ arn }) => !again.stopping.has(arn))
          .map((one) => ({ ...one, protectedUntilMs: again.protectedUntilMs.get(one.arn) })),
      };
    }
    case "earlier-deployments": {
      const { of, sinceMs } = need;
      // Whether it waits for a person is decided where it is decided about.
      const { currentDeployment } = shown(of.facts.seen);
      const deployments = await observer.deployments(of.facts.cluster, of.facts.service, sinceMs, {
        pauses: false,
        currentDeployment,
      });
      const index = earlier.findIndex(
        (one) => one.facts.cluster === of.facts.cluster && one.facts.service === of.facts.service,
      );
      earlier[index] = { ...of, facts: { ...of.facts, deployments } };
      return facts;
    }
  }
}

/** What a service's description says of its deployments. */
function shown(seen: ServiceFacts["seen"]): Pick<SeenService, "pauses" | "currentDeployment"> {
  return isUnseen(seen) ? { pauses: false } : seen;
}

/** Decides and acts. Nothing runs between the decision and its count, so that limits hold. */
async function finish(
  state: RoundState,
  task: Task,
  facts: ServiceFacts,
  context: boolean,
): Promise<Planned> {
  const { environment } = state;
  const { settings, parts } = environment;
  const result = parts.plan(facts, runFacts(state));
  // What another service looked at meanwhile, or the time, asks for more.
  if ("need" in result) return finish(state, task, await inform(state, facts), context);
  const acts = result.decision === "recycle" && !context;
  if (acts) state.inProgress++;
  const decision = acts && !task.asking && settings.mode === "recycle" ? await actOn(state, result) : result;
  const planned: Planned = { facts, decision };
  state.earlier.push(planned);
  return planned;
}

/** Forces a deployment; a failure becomes the decision. */
async function actOn({ environment, lineUp }: RoundState, decision: Decision): Promise<Decision> {
  const { memory, clients, pace, now, parts } = environment;
  const { cluster, service, wave, cause } = decision;
  if (lineUp && pace.free("UpdateService") < 1) {
    wait(memory, { cluster, service, wave, cause });
    return { ...decision, decision: "deferred", reason: `${decision.reason}; ${turnText}` };
  }
  try {
    const acted = await parts.act({ clients, pace }, cluster, service);
    const key = serviceKey(cluster, service);
    const known = memory.services.get(key);
    memory.services.set(key, {
      ...known,
      forcedAtMs: acted.deploymentCreatedAtMs ?? now(),
      forcesMs: [...(known?.forcesMs ?? []).filter((atMs) => now() - atMs < hourMs), now()],
    });
    return decision;
  } catch (error) {
    const failed = caughtFault(error);
    return { ...decision, decision: decisionOfFailure(failed.code), reason: failed.message };
  }
}

/** Describes every covered service, to count the deployments in progress. */
async function describeCovered(
  environment: RunEnvironment,
  observer: Observer,
  looks: Looks,
  lists: ClusterLists,
): Promise<void> {
  const all = createTargets(environment, observer, lists);
  for (const entry of environment.coverage.entries)
    await all.addEntry(entry, { looks: "known", context: true, cause: "limits" });
  await describeAll(environment, observer, [...all.targets.values()], looks);
}

/** Covered services with a deployment in progress; one that could not be described may have one. */
function inProgress({ memory, now }: RunEnvironment, looks: Looks): number {
  let count = 0;
  for (const [key, { seen }] of looks) {
    if (isUnseen(seen)) {
      if (seen.code === "retryable") count++;
      continue;
    }
    // ECS may not show yet what this container just forced.
    const forcedAtMs = memory.services.get(key)?.forcedAtMs ?? 0;
    const isHidden = now() - forcedAtMs < forceAgainMs && (seen.primary?.createdAtMs ?? 0) < forcedAtMs;
    if (seen.unfinished || isHidden) count++;
  }
  return count;
}

/** Groups of one wave. */
function groups(found: readonly Surveyed[]): Surveyed[][] {
  const made: Surveyed[][] = [];
  for (const one of found) {
    const last = made[made.length - 1];
    if (last && last.length < groupSize && last[0]?.target.wave === one.target.wave) last.push(one);
    else made.push([one]);
  }
  return made;
}
