import { credentialOf } from "./credential";
import { followDecisions, type LoggedDecision } from "./decisions";
import { coveredServices, example } from "./example";
import { httpProbe, Load } from "./load";
import { processPlatform, type Platform } from "./platform";
import { faultsOf, faultsOfControl, makeReport, type Report } from "./report";
import { runScenario, type Change } from "./scenario";
import { openStage, type Stage } from "./stage";
import type { Paint, Screen } from "./terminal";
import { Timeline } from "./timeline";
import { defaultVariant, type Variant } from "./variant";

/** What a run of the demonstration varies. */
export interface DemoOptions {
  /** True for the control: the recycler is deployed and switched off. */
  readonly withoutRecycler: boolean;
  /** How long the control waits after each rotation, in milliseconds. Default: 4 seconds. */
  readonly controlWaitMs?: number;
  readonly seed: string | number;
  /** Default: PostgreSQL, and a secret. */
  readonly variant?: Variant;
  readonly screen: Screen;
}

/** The outcome of a run. */
export interface DemoResult {
  readonly report: Report;
  readonly changes: readonly Change[];
  /** The checks that failed, in words. */
  readonly faults: readonly string[];
  /** Why the first failed queries failed. */
  readonly failures: readonly string[];
  /** Every decision of the recycler, in order. */
  readonly decisions: readonly LoggedDecision[];
}

/** The demonstration. `ended` takes what ends it early, leaving neither process nor folder. */
export async function runDemo(
  options: DemoOptions,
  ended: (end: () => Promise<void>) => void = () => undefined,
): Promise<DemoResult> {
  const platform = processPlatform();
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
  timeline.progress(() => [`${resources} resources`]);
  const stage = await openStage(
    platform,
    {
      seed: options.seed,
      variant: options.variant,
      mode: options.withoutRecycler ? "off" : "recycle",
      onStep: (step) => timeline.event("deploy", step),
      onWarning: (warning) => timeline.event("warning", warning),
      onResource: (count) => (resources = count),
    },
    opened,
  );
  timeline.event("deploy", `${resources} resources created`);
  return watch(stage, options, timeline, platform);
}

async function watch(
  stage: Stage,
  options: DemoOptions,
  timeline: Timeline,
  platform: Platform,
): Promise<DemoResult> {
  const load = new Load(stage.world, example.cluster, coveredServices, httpProbe);
  timeline.progress((paint) => progressOf(stage, load, paint));
  const decisions: LoggedDecision[] = [];
  followDecisions(platform, timeline, (decision) => decisions.push(decision));
  load.start();
  const changes = await runScenario({
    world: stage.world,
    truth: stage.truth,
    clients: stage.clients,
    credential: credentialOf(options.variant ?? defaultVariant, stage.clients),
    recycler: !options.withoutRecycler,
    controlWaitMs: options.controlWaitMs,
    say: (kind, text) => timeline.event(kind, text),
  });
  await load.stop();
  timeline.done();
  if (stage.world.mistakes.length > 0) throw stage.world.mistakes[0];
  const report = makeReport({ ...stage, changes, load });
  const faults = options.withoutRecycler ? faultsOfControl(report) : faultsOf(report, changes);
  return { report, changes, faults, failures: load.failures, decisions };
}

/** The tasks of each service, the stale ones as rings, and the queries so far. */
function progressOf({ truth }: Stage, load: Load, paint: Paint): string[] {
  const services = example.services.map(({ service, covered }) => {
    const stale = new Set(truth.staleTasks(service).map(({ taskArn }) => taskArn));
    const tasks = truth
      .tasks(service)
      .map(({ taskArn }) => (covered && stale.has(taskArn) ? paint("yellow", "○") : "●"));
    return `${service} ${tasks.join("")}`;
  });
  const { total, failed } = load.count;
  const failures = `failed ${failed}`;
  return [...services, `queries ${total}, ${failed > 0 ? paint("red", failures) : failures}`];
}
