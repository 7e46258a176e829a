import type { CoveredServices } from "../../handler/coverage";
import { Lambda } from "../../embedded-aws/aws/lambda";
import type { LedgerEntry } from "../../embedded-aws/aws/ledger";
import { decisionIn } from "../../demo/decisions";
import { recyclerName } from "../../demo/example";
import { Estate, sweepIntervalMs } from "../../simulation/estate";

/** The ledger's calls of the recycler's function, in order. Its mapping takes messages with the same role. */
function callsOf({ world, roleArn }: Estate, since: number): LedgerEntry[] {
  return world.ledger.find({ since, roleArn, door: "in-process" });
}

/** How many calls of each operation. */
export type Counts = Readonly<Record<string, number>>;

function counted(calls: readonly LedgerEntry[]): Counts {
  const counts: Record<string, number> = {};
  for (const { operation } of calls) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

/** The sum of them. */
export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** A number of calls, and how many there may be. */
export interface Bounded {
  readonly calls: number;
  readonly bound: number;
}

/** What a change of one secret costs that all services of a cluster read. */
export interface ChangeCalls {
  readonly services: number;
  readonly tasks: number;
  readonly waves: number;
  readonly toLastUpdate: Bounded;
  readonly withProofs: Bounded;
  readonly further: Bounded;
  readonly operations: Counts;
}

const cluster = "calls";
const secretName = "calls/secret";
/** After the deployments have ended and before the next sweep, CloudTrail tells of the change a second time. */
const trailDelayMs = 3 * 60_000;

const quietMs = 20_000;

/** A change of one secret, in one wave or in two, with a recycler that knows the services from a sweep. */
export async function measureChange(
  services: number,
  tasksEach: number,
  waves: 1 | 2 = 1,
): Promise<ChangeCalls> {
  const serviceNames = namesOf("service", services);
  const estate = new Estate({
    seed: "calls",
    trailDelayMs,
    coverage: serviceNames.map((service, index) =>
      entry({ service, secrets: [secretName], wave: Math.floor((index * waves) / services) }),
    ),
  });
  await estate.begin([cluster]);
  const arn = await estate.secret(secretName);
  const definition = await estate.define("reader", [arn]);
  await estate.pass(60_000);
  for (const service of serviceNames) await estate.service(cluster, service, definition, tasksEach);
  await estate.pass(60_000);
  await estate.install();
  // The first sweep knows nothing, and CloudTrail tells of the installation until after it.
  await estate.untilSweep();
  await estate.pass(sweepIntervalMs);
  await estate.untilSweep();
  await estate.pass(estate.settings.delaySeconds * 1000 + 60_000);

  const mark = estate.world.ledger.length;
  const changedAtMs = estate.clock.now();
  await estate.call("secretsmanager", "PutSecretValue", {
    SecretId: arn,
    SecretString: "second",
    ClientRequestToken: estate.version(),
  });
  await estate.pass(trailDelayMs - 1_000);
  const before = callsOf(estate, mark);
  const further = estate.world.ledger.length;
  await estate.pass(estate.settings.delaySeconds * 1000 + quietMs);
  const after = callsOf(estate, further);
  expectRecycled(estate, serviceNames, changedAtMs);
  await estate.world.stop();

  const last = before.findLastIndex(({ operation }) => operation === "UpdateService");
  const tasks = services * tasksEach;
  const each = services / waves;
  const base = Math.ceil(each / 10) + Math.ceil(tasks / waves / 100);
  const proved = base + 7 * each;
  return {
    services,
    tasks,
    waves,
    // One DescribeSecret beside them; the last wave begins when the ones before are proved.
    toLastUpdate: { calls: last + 1, bound: (waves - 1) * proved + base + 3 * each + 1 },
    withProofs: { calls: before.length, bound: waves * proved },
    further: { calls: after.length, bound: 1 },
    operations: counted(before),
  };
}

/** Throws unless every service was recycled once and proved: figures of anything else are worth nothing. */
function expectRecycled(estate: Estate, services: readonly string[], sinceMs: number): void {
  const decisions = estate.lines
    .filter(({ atMs }) => atMs >= sinceMs)
    .flatMap(({ line }) => decisionIn(line) ?? []);
  for (const service of services) {
    const own = decisions.filter((logged) => logged.service === service).map(({ decision }) => decision);
    const recycled = own.filter((decision) => decision === "recycle").length;
    const last = own.at(-1) ?? "nothing";
    if (recycled !== 1 || !["fresh", "proved"].includes(last))
      throw new Error(`${service}: expected one recycle and then fresh or proved, found ${own.join(", ")}`);
  }
}

/** What sweeps of a large cluster cost in which nothing has changed. */
export interface SweepCalls {
  readonly services: number;
  readonly tasks: number;
  readonly secrets: number;
  readonly warm: Bounded;
  /** The sweep after a tag edit on each secret, and the one after that. */
  readonly afterEdits: Bounded;
  readonly nextAfterEdits: Bounded;
  /** Of a new container: the first sweep, the one after a tag edit on each secret, and the one after that. */
  readonly cold: Counts;
  readonly coldAfterEdits: Counts;
  readonly coldNext: Counts;
  readonly operations: Counts;
}

/** A quiet sweep may make so many calls. */
const sweepBound = 30;

/** Sweeps of one cluster: each service reads its own secrets. */
export async function measureSweeps(services = 100, tasksEach = 3, secretsEach = 10): Promise<SweepCalls> {
  const estate = new Estate({ seed: "sweeps", coverage: [entry({})] });
  await estate.begin([cluster]);
  const arns = new Map<string, string[]>();
  for (const service of namesOf("service", services)) {
    const own: string[] = [];
    for (const secret of namesOf("secret", secretsEach))
      own.push(await estate.secret(`${service}/${secret}`));
    arns.set(service, own);
  }
  await estate.pass(60_000);
  for (const [service, own] of arns)
    await estate.service(cluster, service, await estate.define(service, own), tasksEach);
  await estate.pass(60_000);
  await estate.install();
  const cold = await nextSweep(estate);
  await nextSweep(estate);
  const warm = await nextSweep(estate);
  for (const SecretId of [...arns.values()].flat())
    await estate.call("secretsmanager", "TagResource", { SecretId, Tags: [{ Key: "team", Value: "shop" }] });
  const afterEdits = await nextSweep(estate);
  const nextAfterEdits = await nextSweep(estate);
  await estate.clock.drive(Lambda.of(estate.world).crash(recyclerName));
  const coldAfterEdits = await nextSweep(estate);
  const coldNext = await nextSweep(estate);
  const decided = new Set(estate.lines.flatMap(({ line }) => decisionIn(line)?.decision ?? []));
  await estate.world.stop();
  const unexpected = [...decided].filter((decision) => !["fresh", "presumed"].includes(decision));
  if (decided.size === 0 || unexpected.length > 0)
    throw new Error(`quiet sweeps: expected fresh and presumed only, found ${[...decided].join(", ")}`);
  return {
    services,
    tasks: services * tasksEach,
    secrets: services * secretsEach,
    warm: { calls: total(warm), bound: sweepBound },
    afterEdits: { calls: total(afterEdits), bound: sweepBound },
    nextAfterEdits: { calls: total(nextAfterEdits), bound: sweepBound },
    cold,
    coldAfterEdits,
    coldNext,
    operations: warm,
  };
}

/** The calls from a moment before the next sweep to a moment before the one after it. */
async function nextSweep(estate: Estate): Promise<Counts> {
  await estate.untilSweep();
  const mark = estate.world.ledger.length;
  await estate.pass(sweepIntervalMs);
  return counted(callsOf(estate, mark));
}

/** What a sweep costs of which the services read a few secrets of an account with many. */
export interface FewCalls {
  readonly configured: number;
  readonly account: number;
  readonly listed: Bounded;
  readonly cold: Counts;
  readonly warm: Counts;
}

/** Sweeps of one service that reads a few of an account's secrets. */
export async function measureFew(configured = 5, account = 40_000): Promise<FewCalls> {
  const own = namesOf("own", configured);
  const estate = new Estate({ seed: "few", coverage: [entry({ service: "reader", secrets: own })] });
  await estate.begin([cluster]);
  const arns: string[] = [];
  for (const secret of own) arns.push(await estate.secret(secret));
  await estate.pass(60_000);
  // Newer ones are listed first.
  for (let index = configured; index < account; index++)
    await estate.world.asOperator("secretsmanager", "CreateSecret", { Name: `other/${index}` });
  await estate.pass(60_000);
  await estate.service(cluster, "reader", await estate.define("reader", arns), 2);
  await estate.pass(60_000);
  await estate.install();
  const cold = await nextSweep(estate);
  const warm = await nextSweep(estate);
  await estate.world.stop();
  const listed = ((cold.ListSecrets ?? 0) + (warm.ListSecrets ?? 0)) * 100;
  return { configured, account, listed: { calls: listed, bound: account - 1 }, cold, warm };
}

function entry(change: Partial<CoveredServices>): CoveredServices {
  return { cluster, exclude: [], secrets: [], parameters: [], wave: 0, ...change };
}

function namesOf(kind: string, count: number): string[] {
  const digits = String(count - 1).length;
  return Array.from({ length: count }, (_, index) => `${kind}-${String(index).padStart(digits, "0")}`);
}
