import type { Mode } from "../handler/coverage";
import { Random } from "../embedded-aws/aws/random";
import type { World } from "../embedded-aws/aws/world";
import type { Deployment } from "../embedded-aws/pulumi/mocks";
import { credentialOf, type StoredCredential } from "../demo/credential";
import {
  coveredServices,
  deployRecycler,
  deployShop,
  example,
  queueDelayMs,
  recyclerName,
} from "../demo/example";
import { Load } from "../demo/load";
import { Recording } from "../demo/recording";
import { faultsOf, faultsOfControl, makeReport, type Report } from "../demo/report";
import { runScenario, type Change, type Setting } from "../demo/scenario";
import { clientsOf, createDemoWorld, demoPlace, truthOf } from "../demo/stage";
import type { Truth } from "../demo/truth";
import { capturedSettings, virtualPlatform, type VirtualPlatform } from "./virtual-platform";
import { defaultVariant, type Variant } from "../demo/variant";
import { recyclerStub } from "./recycler-stub";

/** The deployments of the demonstration. */
export interface RecordedExample {
  readonly shop: Recording;
  readonly recycler: Recording;
  readonly mode: Mode;
  readonly place: Place;
  readonly variant: Variant;
  /** Of the example and of the recycler. */
  readonly shopDeployment: Deployment;
  readonly deployment: Deployment;
}

/** What came of a run on virtual time. */
export interface VirtualRun {
  readonly report: Report;
  readonly changes: readonly Change[];
  readonly faults: readonly string[];
  /** Every line of the recycler's log. */
  readonly log: readonly string[];
}

/** After the deployment, until every service stands; and the longest that a scenario may take. */
const settleMs = 10_000;
const scenarioDeadlineMs = 10 * 60_000;

/** Where a run takes place. */
export interface Place {
  readonly partition: string;
  readonly region: string;
}

function virtualWorld(seed: string | number, place: Place): { platform: VirtualPlatform; world: World } {
  const random = new Random(seed);
  const platform = virtualPlatform(random);
  const world = createDemoWorld(platform, random, place);
  platform.world = world;
  return { platform, world };
}

/** How the example and the recycler are deployed. */
export interface RecordOptions {
  readonly mode?: Mode;
  readonly place?: Place;
  readonly variant?: Variant;
  /** Settings of the recycler, by full key, beside the example's. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Deploys something more before the recycler, and answers further settings. */
  readonly between?: (world: World, recording: Recording) => Promise<Readonly<Record<string, unknown>>>;
  /** What the function's archive holds: a run has no need of it, since it takes the recycler's source. Default: stub. */
  readonly archive?: "stub" | "real";
}

/** Recordings by their options: a recording is played, and never changes. */
const recordings = new Map<string, Promise<RecordedExample>>();

/** Deploys the example and the recycler, under Pulumi, and keeps the calls; once for the same options. */
export function recordExample(options: RecordOptions = {}): Promise<RecordedExample> {
  if (options.between) return record(options);
  const key = JSON.stringify(options);
  const recording = recordings.get(key) ?? record(options);
  recordings.set(key, recording);
  return recording;
}

async function record({
  mode = "recycle",
  place = demoPlace,
  variant = defaultVariant,
  settings: given = {},
  between,
  archive = "stub",
}: RecordOptions): Promise<RecordedExample> {
  const { platform, world } = virtualWorld("recording", place);
  const { clock } = platform;
  const sleep = (delayMs: number): Promise<void> => clock.runUntil(clock.now() + delayMs);
  const shop = new Recording();
  const recycler = new Recording();
  try {
    const shopDeployment = await deployShop(world, variant, { onCall: shop.add, sleep });
    const settings = { ...given, ...(await between?.(world, shop)) };
    const handler = archive === "stub" ? recyclerStub : undefined;
    const deployment = await deployRecycler(world, mode, variant, {
      onCall: recycler.add,
      sleep,
      settings,
      handler,
    });
    return { shop, recycler, mode, place, variant, shopDeployment, deployment };
  } finally {
    await world.stop();
  }
}

/** The example on virtual time, and what its recycler logged so far. */
export interface VirtualStage {
  readonly world: World;
  readonly platform: VirtualPlatform;
  readonly log: readonly string[];
  readonly credential: StoredCredential;
  /** Deploys the recycler and lets a moment pass. */
  install(): Promise<void>;
}

/**
 * Deploys the example, without the recycler, on virtual time.
 * @param started told of the world before anything is deployed into it
 */
export async function openVirtualStage(
  recorded: RecordedExample,
  seed: string | number,
  started: (world: World) => void = () => undefined,
): Promise<VirtualStage> {
  const { platform, world } = virtualWorld(seed, recorded.place);
  const { clock } = platform;
  started(world);
  const log: string[] = [];
  platform.onFunctionLine = (functionName, line) => {
    if (functionName === recyclerName) log.push(line);
  };
  platform.settings = capturedSettings(recorded.deployment.outputs, queueDelayMs() / 1000, recorded.mode);
  const renamed = new Map<string, string>();
  await recorded.shop.replay(world, renamed);
  await clock.runUntil(clock.now() + settleMs);
  const credential = credentialOf(recorded.variant, clientsOf(world));
  const user = await credential.read();
  platform.database.setPassword(user.username, user.password);
  return {
    world,
    platform,
    log,
    credential,
    async install() {
      await recorded.recycler.replay(world, renamed);
      await clock.runUntil(clock.now() + settleMs);
    },
  };
}

/**
 * The demonstration's scenario on virtual time. The same seed gives the same log.
 * @param queryIntervalMs between two queries, in milliseconds. Default: that of the demonstration
 */
export async function runVirtual(
  recorded: RecordedExample,
  seed: string | number,
  queryIntervalMs?: number,
): Promise<VirtualRun> {
  const stage = await openVirtualStage(recorded, seed);
  const { world, platform, log } = stage;
  try {
    const deployedAt = platform.clock.now();
    await stage.install();
    const withRecycler = recorded.mode === "recycle";
    const truth = truthOf(world);
    const load = new Load(world, example.cluster, coveredServices, platform.probe, queryIntervalMs);
    load.start();
    const changes = await playVirtual(stage, truth, withRecycler);
    await load.stop();
    if (world.mistakes.length > 0) throw world.mistakes[0];
    const report = makeReport({
      truth,
      deployedAt,
      changes,
      load,
      recycler: recorded.deployment,
    });
    return {
      report,
      changes,
      faults: withRecycler ? faultsOf(report, changes) : faultsOfControl(report),
      log,
    };
  } finally {
    await world.stop();
  }
}

/**
 * Plays the scenario on a stage on which the recycler is installed, and drives its clock to the end of it.
 * @param say told of each step
 */
export async function playVirtual(
  { world, platform: { clock }, credential }: VirtualStage,
  truth: Truth,
  withRecycler: boolean,
  say: Setting["say"] = () => undefined,
): Promise<Change[]> {
  let done = false;
  const scenario = runScenario({
    world,
    truth,
    clients: clientsOf(world),
    credential,
    recycler: withRecycler,
    say,
  }).finally(() => (done = true));
  // Whoever awaits it below sees how it ended: an error must not be unhandled until then.
  scenario.catch(() => undefined);
  await clock.runUntilTrue(() => done, "the end of the scenario", clock.now() + scenarioDeadlineMs);
  return scenario;
}
