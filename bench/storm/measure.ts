import { decisionIn } from "../../demo/decisions";
import { Ecs } from "../../embedded-aws/aws/ecs";
import type { CoveredServices } from "../../handler/coverage";
import { Estate, sweepIntervalMs } from "../../simulation/estate";
import { isOfRecycler } from "../../simulation/faults";

/** Changes of many secrets in a short time, and what the recycler made of them. Times are seconds. */
export interface Storm {
  readonly services: number;
  readonly changes: number;
  /** How long the changes were made. */
  readonly seconds: number;
  readonly forcedDeployments: number;
  /** Services that were not fresh in the end. */
  readonly lost: number;
  /** From the last change until the last service was fresh. */
  readonly lastFreshSeconds: number;
  /** The queue's delay, UpdateService at its documented rate for each service, and one roll-out. */
  readonly boundSeconds: number;
  /** From the change of a secret in the middle of the storm until its only reader, in another cluster, was fresh. */
  readonly unrelatedFreshSeconds: number;
  /** Calls that the recycler's function made, without those for the unrelated service. */
  readonly apiCalls: number;
  readonly invocations: number;
  /** Decisions in which `limits.maxDeploymentsPerHour` held a service back. */
  readonly fuse: number;
  /** The largest memory of the whole process, the embedded AWS included, in MiB. */
  readonly peakMiB: number;
}

/** What differs between two storms. */
export interface StormOptions {
  readonly services: number;
  readonly changes: number;
  readonly seconds: number;
}

const cluster = "storm";
const calm = "calm";
const unrelated = "unrelated";
/** How long AWS takes to answer a call of the recycler, in milliseconds. */
const answerMs = 30;
/** The longest wait for the end, in virtual minutes. */
const longestMinutes = 60;

/** Amazon ECS Developer Guide, Request throttling: UpdateService takes 50 calls at once, then 5 a second. */
const updateService = { burst: 50, perSecond: 5 } as const;
/** From UpdateService until the last old task of a service is gone, in seconds, at most: the tasks of an estate. */
const rollOutSeconds = 5;

/** Every documented request rate of AWS holds, but those of the writers: their changes are the storm. */
export async function measureStorm({ services, changes, seconds }: StormOptions): Promise<Storm> {
  const estate = new Estate({
    seed: "storm",
    conduct: { throttling: true },
    limits: { maxDeploymentsPerHour: 6 },
    coverage: [entry({}), entry({ cluster: calm, service: unrelated })],
  });
  const { clock, world } = estate;
  const limited = world.gate.fault.bind(world.gate);
  world.gate.fault = async (call) => {
    if (!isOfRecycler(call)) return;
    await clock.sleep(answerMs, `${call.operation} is answered`);
    await limited(call);
  };
  await estate.begin([cluster, calm]);
  const names = Array.from({ length: services }, (_, index) => `service-${String(index).padStart(4, "0")}`);
  const secrets = new Map<string, string>();
  for (const name of [...names, unrelated]) secrets.set(name, await estate.secret(`storm/${name}`));
  await estate.pass(60_000);
  for (const [name, arn] of secrets)
    await estate.service(name === unrelated ? calm : cluster, name, await estate.define(name, [arn]), 2);
  await estate.pass(60_000);
  await estate.install();
  // The recycler knows the services from its sweeps, as one that has run for a while.
  await estate.untilSweep();
  await estate.pass(sweepIntervalMs);
  await estate.untilSweep();
  await estate.pass(120_000);

  const mark = world.ledger.length;
  const invocationsBefore = estate.invocations;
  const beganMs = clock.now();
  const changedMs = new Map<string, number>();
  const change = (name: string, atMs: number): void =>
    void clock.schedule(atMs - clock.now(), `a change of ${name}`, async () => {
      changedMs.set(name, clock.now());
      await world.asOperator("secretsmanager", "PutSecretValue", {
        SecretId: secrets.get(name),
        SecretString: "changed",
        ClientRequestToken: estate.version(),
      });
    });
  for (let index = 0; index < changes; index++)
    change(names[index % services]!, beganMs + Math.floor((index * seconds * 1000) / changes));
  change(unrelated, beganMs + (seconds * 1000) / 2);
  await estate.pass(seconds * 1000);

  // Fresh: no task of it runs that is older than its last change.
  const freshMs = new Map<string, number>();
  const endMs = clock.now() + longestMinutes * 60_000;
  while (clock.now() < endMs && freshMs.size < secrets.size) {
    const old = new Set(
      Ecs.of(world)
        .runningTasks()
        .filter(({ service, createdAt }) => createdAt <= (changedMs.get(service) ?? 0))
        .map(({ service }) => service),
    );
    for (const name of secrets.keys())
      if (old.has(name)) freshMs.delete(name);
      else if (!freshMs.has(name)) freshMs.set(name, clock.now());
    await estate.pass(250);
  }
  const lines = estate.lines.filter(({ atMs }) => atMs >= beganMs);
  const decided = lines.flatMap(({ line }) => decisionIn(line) ?? []);
  const calls = world.ledger
    .find({ since: mark, roleArn: estate.roleArn, door: "in-process" })
    .filter(({ resources }) => !resources.some((arn) => arn.includes(unrelated) || arn.endsWith(`/${calm}`)));
  await world.stop();
  const lastChangeMs = Math.max(...names.map((name) => changedMs.get(name) ?? 0));
  return {
    services,
    changes,
    seconds,
    forcedDeployments: decided.filter((one) => one.decision === "recycle" && one.cluster === cluster).length,
    lost: names.filter((name) => !freshMs.has(name)).length,
    lastFreshSeconds: secondsBetween(
      lastChangeMs,
      Math.max(...names.map((name) => freshMs.get(name) ?? endMs)),
    ),
    boundSeconds:
      estate.settings.delaySeconds +
      Math.max(0, services - updateService.burst) / updateService.perSecond +
      rollOutSeconds,
    unrelatedFreshSeconds: secondsBetween(changedMs.get(unrelated) ?? 0, freshMs.get(unrelated) ?? endMs),
    apiCalls: calls.length,
    invocations: estate.invocations - invocationsBefore,
    fuse: decided.filter(({ reason }) => reason.includes("maxDeploymentsPerHour")).length,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function secondsBetween(fromMs: number, untilMs: number): number {
  return Math.round((untilMs - fromMs) / 100) / 10;
}

function entry(change: Partial<CoveredServices>): CoveredServices {
  return { cluster, exclude: [], secrets: [], parameters: [], wave: 0, ...change };
}
