import { credentialOf } from "./credential";
import { decisionIn, isNews, type LoggedDecision } from "./decisions";
import { example, recyclerName } from "./example";
import { httpProbe, Load } from "./load";
import { processPlatform, type Platform } from "./platform";
import { faultsOf, faultsOfControl, makeReport, type Report } from "./report";
import { runScenario, type Change } from "./scenario";
import { openStage, type Stage } from "./stage";
import { Timeline, type Screen } from "./timeline";
import { defaultVariant, type Variant } from "./variant";

/** What may be set of a run of the demonstration. */
export interface DemoOptions {
  /** True for the control: the recycler is deployed and switched off. */
  readonly withoutRecycler: boolean;
  readonly seed: string | number;
  /** Default: PostgreSQL, and a secret. */
  readonly variant?: Variant;
  readonly screen: Screen;
}

/** The outcome of a run. */
export interface DemoResult {
  readonly report: Report;
  readonly changes: readonly Change[];
  /** What was not as it has to be, in words. */
  readonly faults: readonly string[];
  /** The first queries that failed, in words. */
  readonly failures: readonly string[];
  /** Every decision of the recycler, in order. */
  readonly decisions: readonly LoggedDecision[];
}

/** Delay of CloudTrail in the demonstration, in milliseconds; AWS needs minutes. */
const cloudTrailDelayMs = 2_000;
/** Delay of the queue (examples/shop/settings.yaml), in milliseconds. */
const queueDelayMs = 3_000;
/** A task needs that long before its program starts, so that a roll can be watched. */
const taskStartMs = 1_000;
/** Between two queries, in milliseconds. */
const queryIntervalMs = 25;

/** The demonstration. `ended` is called with what ends it early: it leaves neither process nor folder. */
export async function runDemo(
  options: DemoOptions,
  ended: (end: () => Promise<void>) => void = () => undefined,
): Promise<DemoResult> {
  const platform = processPlatform({ taskStartMs });
  const timeline = new Timeline(options.screen, platform.clock);
  let close = (): Promise<void> => platform.close();
  const end = async (): Promise<void> => {
    timeline.done();
    const closing = close;
    close = () => Promise.resolve();
    await closing();
  };
  ended(end);
  try {
    return await Promise.race([
      platform.failed,
      perform(options, platform, timeline, (closer) => (close = closer)),
    ]);
  } finally {
    await end();
  }
}

async function perform(
  options: DemoOptions,
  platform: Platform,
  timeline: Timeline,
  opened: (close: () => Promise<void>) => void,
): Promise<DemoResult> {
  let resources = 0;
  timeline.progress(() => `         ${resources} resources`);
  const stage = await openStage(
    platform,
    {
      seed: options.seed,
      variant: options.variant,
      mode: options.withoutRecycler ? "off" : "recycle",
      cloudTrailDelayMs,
      onStep: (step) => timeline.event("deploy", step),
      onResource: (count) => (resources = count),
    },
    opened,
  );
  timeline.event("deploy", `${resources} resources stand`);
  return watch(stage, options, timeline, platform);
}

async function watch(
  stage: Stage,
  options: DemoOptions,
  timeline: Timeline,
  platform: Platform,
): Promise<DemoResult> {
  const covered = example.services.filter((service) => service.covered).map(({ service }) => service);
  const load = new Load(stage.world, example.cluster, covered, httpProbe, queryIntervalMs);
  timeline.progress(() => progressLine(stage, load));
  const decisions: LoggedDecision[] = [];
  platform.onFunctionLine = (functionName, line) => {
    const decision = functionName === recyclerName ? decisionIn(line) : undefined;
    if (!decision) return;
    decisions.push(decision);
    if (isNews(decision)) timeline.event(decision.decision, `${decision.service}: ${decision.reason}`);
  };
  load.start();
  const changes = await runScenario({
    world: stage.world,
    truth: stage.truth,
    clients: stage.clients,
    credential: credentialOf(options.variant ?? defaultVariant, stage.clients),
    recycler: !options.withoutRecycler,
    quietMs: queueDelayMs + cloudTrailDelayMs + 1_000,
    say: (kind, text) => timeline.event(kind, text),
  });
  await load.stop();
  timeline.done();
  if (stage.world.mistakes.length > 0) throw stage.world.mistakes[0];
  const report = makeReport({ ...stage, changes, queries: load.count });
  const faults = options.withoutRecycler ? faultsOfControl(report) : faultsOf(report, changes);
  return { report, changes, faults, failures: load.failures, decisions };
}

function progressLine(stage: Stage, load: Load): string {
  const services = example.services.map(({ service, covered }) => {
    const stale = new Set(stage.truth.staleTasks(service).map((task) => task.taskArn));
    const tasks = stage.truth.tasks(service).map((task) => (covered && stale.has(task.taskArn) ? "○" : "●"));
    return `${service} ${tasks.join("")}`;
  });
  const { total, failed } = load.count;
  return `         ${services.join("  ")}  queries ${total}, failed ${failed}`;
}
