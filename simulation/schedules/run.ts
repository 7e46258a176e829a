import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeploymentConfiguration, DescribeServiceDeploymentsResponse } from "@aws-sdk/client-ecs";
import type { DescribeSecretResponse } from "@aws-sdk/client-secrets-manager";
import { recyclerName } from "../../demo/example";
import { Ecs } from "../../embedded-aws/aws/ecs";
import { EventBridge } from "../../embedded-aws/aws/eventbridge";
import { noFaults } from "../../embedded-aws/aws/eventbridge/faults";
import { Lambda } from "../../embedded-aws/aws/lambda";
import { breakDown, crashAt, loseAnswers, throttle } from "../faults";
import { broken, Estate, sweepIntervalMs } from "../estate";
import type { Conduct } from "../../embedded-aws/aws/world";
import { ServiceError } from "../../embedded-aws/aws/errors";
import type { Call } from "../../embedded-aws/aws/service";
import type { CoveredServices } from "../../handler/coverage";
import type { Dependencies } from "../../handler/index";
import { jsonKey, ownLabel, type DrawnReference, type DrawnService, type Schedule, type Step } from "./draw";
import { History, keyOf } from "./history";
import { decisionsOf, invariants } from "./invariants";

const minuteMs = 60_000;
/** A batch is tried three times, 90 seconds apart; a wave with its bake time after the other; the longest limits. */
const convergeMs = 80 * minuteMs;
const outages = { throttle, breakDown, loseAnswers } as const;

/** What came of a schedule. */
export interface Outcome {
  /** What it broke of the invariants. */
  readonly violations: readonly string[];
  readonly history: History;
}

/** What differs between two runs of a schedule. */
export interface RunOptions {
  /** For how long nothing happens at the end, in milliseconds. */
  readonly convergence?: number;
  /** Parts of the recycler in the place of its own, also ones that are wrong on purpose. */
  readonly parts?: Dependencies["parts"];
}

/**
 * Runs a schedule on virtual time: first changes and faults, then a time without either, in which everything must
 * become fresh or be reported.
 */
export async function runSchedule(schedule: Schedule, options: RunOptions = {}): Promise<Outcome> {
  const history = await play(schedule, options);
  const violations = invariants.flatMap((invariant) => invariant(history));
  return { violations, history };
}

/**
 * What tag edits changed: runs the schedule a second time, without those after the installation, and compares the
 * decisions. One from before moved the only date that was known of a value. An edit of a description wakes the recycler,
 * which may then find sooner what a sweep would have found.
 */
export async function changedByEdits(schedule: Schedule, { history }: Outcome): Promise<readonly string[]> {
  const isEdit = ({ does }: Schedule["steps"][number], index: number): boolean =>
    does.step === "edit" && does.what === "tag" && index >= schedule.stepsBeforeInstallation;
  if (!schedule.steps.some(isEdit)) return [];
  const steps = schedule.steps.map((one, index) => (isEdit(one, index) ? { ...one, does: nothing } : one));
  const without = decisionsOf(await play({ ...schedule, steps }));
  return [...decisionsOf(history)].flatMap(([service, decisions]) => {
    const others = without.get(service) ?? [];
    const at = Math.max(decisions.length, others.length);
    const first = Array.from({ length: at }, (_, index) => index).find(
      (index) => decisions[index] !== others[index],
    );
    if (first === undefined) return [];
    return [`${service}: with edits ${decisions[first] ?? "no more"}; without ${others[first] ?? "no more"}`];
  });
}

/** Takes the place of a step, and takes no time either. */
const nothing: Step = { step: "nothing" };

async function play(
  schedule: Schedule,
  { convergence = convergeMs, parts }: RunOptions = {},
): Promise<History> {
  const stage = await Stage.build(schedule, parts);
  const { estate, history } = stage;
  const { world } = estate;
  for (const { does, thenMs } of schedule.steps.slice(0, schedule.stepsBeforeInstallation)) {
    await stage.take(does);
    await estate.pass(thenMs);
  }
  await stage.install();
  const events = EventBridge.of(world);
  events.faults = schedule.delivery;
  // The crash first: the end of an outage takes back what stood before the outage.
  if (schedule.crash) crashAt(world, schedule.crash);
  const outage = schedule.outage && outages[schedule.outage.kind](world, schedule.outage.operation);
  for (const [index, { does, thenMs }] of schedule.steps.entries()) {
    if (index >= schedule.stepsBeforeInstallation) {
      await stage.take(does);
      await estate.pass(thenMs);
    }
    if (index + 1 === schedule.outage?.ends) outage?.end();
  }
  events.faults = noFaults;
  stage.faultsEnd();
  for (let quarter = 1; quarter <= 4; quarter++) {
    await estate.pass(convergence / 4);
    if (quarter < 4) await stage.stopTraffic();
  }
  history.end();
  await world.stop();
  return history;
}

/** A schedule's account. */
class Stage {
  readonly #secrets: string[] = [];
  /** The task definitions of each service, and one with a broken image. */
  readonly #definitions: (readonly string[])[] = [];
  /** Versions that had a label, by secret and label, the oldest first. */
  readonly #versions = new Map<string, string[]>();
  #values = 0;

  private constructor(
    private readonly schedule: Schedule,
    readonly estate: Estate,
    readonly history: History,
    private readonly coverage: CoveredServices[],
    private readonly conduct: { -readonly [Part in keyof Conduct]: Conduct[Part] },
  ) {}

  /** Makes everything but the recycler. */
  static async build(schedule: Schedule, parts: RunOptions["parts"]): Promise<Stage> {
    const history = new History(schedule.faults);
    const conduct = { ...schedule.conduct, fault: (call: Call) => history.seeBefore(call) };
    const coverage: CoveredServices[] = [];
    const estate = new Estate({
      seed: schedule.seed,
      coverage,
      limits: schedule.limits,
      delaySeconds: schedule.delaySeconds,
      ecs: schedule.ecs,
      conduct,
      parts,
      onLine: (line) => history.hear(line),
    });
    history.estate = estate;
    estate.world.observe(({ call, input, output }) => {
      if (output) history.seeAfter(call, input);
    });
    const stage = new Stage(schedule, estate, history, coverage, conduct);
    await stage.#build();
    return stage;
  }

  async #build(): Promise<void> {
    const { estate, schedule } = this;
    await estate.begin(many(schedule.clusters, clusterName));
    for (const [index] of schedule.secrets.entries()) {
      this.#secrets.push(await estate.secret(secretName(index), this.#value(index, false)));
      await this.#put(index, false);
      await this.#put(index, false, [ownLabel]);
    }
    for (const name of many(schedule.parameters, parameterName)) await estate.parameter(name);
    await estate.pass(minuteMs);
    for (const [index, service] of schedule.services.entries()) await this.#service(index, service);
    await estate.pass(2 * minuteMs);
  }

  async #service(index: number, drawn: DrawnService): Promise<void> {
    const { estate, history } = this;
    const name = serviceName(index);
    const definitions: string[] = [];
    for (const [which, image] of [
      [0, "shop:1"],
      [1, "shop:2"],
      [0, `${broken}:1`],
    ] as const) {
      const reads = drawn.reads[which];
      const arn = await estate.define(
        name,
        reads.map((one) => this.#reference(one)),
        image,
      );
      definitions.push(arn);
      history.definitions.set(arn, new Set(reads.flatMap((one) => this.#key(one) ?? [])));
    }
    this.#definitions.push(definitions);
    if (drawn.covered) this.#cover(name, drawn);
    await estate.service(clusterName(drawn.cluster), name, definitions[0]!, drawn.desiredCount, {
      deploymentConfiguration: configurationOf(drawn),
    });
  }

  /** Adds the entry of a service to the settings. */
  #cover(service: string, drawn: DrawnService): void {
    const { cluster, wave } = drawn;
    const listed = listedReferences(drawn);
    const from = (isParameter: boolean): string[] =>
      unique(listed.filter((one) => "parameter" in one === isParameter).map((one) => this.#listed(one)));
    this.coverage.push({
      cluster: clusterName(cluster),
      service,
      exclude: [],
      wave,
      secrets: from(false),
      parameters: from(true),
    });
    const keys = new Set(listed.flatMap((one) => this.#key(one) ?? []));
    this.history.covered.set(service, { wave, ...(listed.length > 0 && { listed: keys }) });
  }

  /** Makes the recycler. */
  async install(): Promise<void> {
    const { estate, history } = this;
    await estate.install();
    history.installedAtMs = estate.clock.now();
    // The first sweep sees what was there.
    await estate.pass(sweepIntervalMs + minuteMs);
  }

  /** From now on AWS is at its best. */
  faultsEnd(): void {
    this.conduct.staleness = undefined;
    this.conduct.throttling = false;
    Object.assign(Ecs.of(this.estate.world).settings, {
      listLagMs: { share: 0, low: 0, high: 0 },
      staleAnswers: { share: 0, maxMs: 0 },
      unhealthyOldTasks: { share: 0, withinMs: 0 },
    });
  }

  /** A person stops what shifts traffic and has not ended: no circuit breaker does. */
  async stopTraffic(): Promise<void> {
    for (const [service, { strategy }] of this.schedule.services.entries())
      if (strategy !== "ROLLING") await this.take({ step: "stop-deployment", service, abort: false });
  }

  /** Takes a step. One that is not possible now, or that AWS refuses, changes nothing. */
  async take(does: Step): Promise<void> {
    try {
      await this.#take(does);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }

  async #take(does: Step): Promise<void> {
    const { estate } = this;
    switch (does.step) {
      case "nothing":
        return;
      case "put":
        return this.#put(does.secret, does.broken);
      case "put-own-label":
        return this.#put(does.secret, false, [ownLabel]);
      case "move-label":
        return this.#moveLabel(does.secret, does.label, does.to);
      case "abandon-pending":
        return this.#put(does.secret, false, ["AWSPENDING"]);
      case "edit": {
        const SecretId = this.#secrets[does.secret]!;
        if (does.what === "tag")
          await estate.call("secretsmanager", "TagResource", {
            SecretId,
            Tags: [{ Key: "team", Value: "shop" }],
          });
        else
          await estate.call("secretsmanager", "UpdateSecret", {
            SecretId,
            Description: `edit ${++this.#values}`,
          });
        return;
      }
      case "put-parameter":
        return estate.parameter(parameterName(does.parameter), this.#text(does.broken));
      case "deploy": {
        const which = does.definition === "broken" ? 2 : does.definition;
        return this.#update(does.service, { taskDefinition: this.#definitions[does.service]?.[which] });
      }
      case "force":
        return this.#update(does.service, { forceNewDeployment: true });
      case "scale":
        return this.#update(does.service, { desiredCount: does.desiredCount });
      case "protect": {
        const task = this.#task(does.service, does.task);
        if (task !== undefined)
          await estate.call("ecs", "UpdateTaskProtection", {
            cluster: this.#clusterOf(does.service),
            tasks: [task],
            protectionEnabled: true,
            expiresInMinutes: does.minutes,
          });
        return;
      }
      case "fail-health-check": {
        const task = this.#task(does.service, does.task);
        if (task !== undefined) Ecs.of(estate.world).failHealthCheck(task);
        return;
      }
      case "continue": {
        const serviceDeploymentArn = this.#attempt(does.service);
        if (serviceDeploymentArn === undefined) return;
        const { serviceDeployments = [] } = await estate.call<DescribeServiceDeploymentsResponse>(
          "ecs",
          "DescribeServiceDeployments",
          { serviceDeploymentArns: [serviceDeploymentArn] },
        );
        const hooks = serviceDeployments[0]?.lifecycleHookDetails ?? [];
        const hookId = hooks.find(({ status }) => status === "AWAITING_ACTION")?.hookId;
        const { action } = does;
        if (hookId !== undefined)
          await estate.call("ecs", "ContinueServiceDeployment", { serviceDeploymentArn, hookId, action });
        return;
      }
      case "stop-deployment": {
        const serviceDeploymentArn = this.#attempt(does.service);
        if (serviceDeploymentArn === undefined) return;
        const stopType = does.abort ? "ABORT" : "ROLLBACK";
        await estate.call("ecs", "StopServiceDeployment", { serviceDeploymentArn, stopType });
        return;
      }
      case "forge":
        return this.#forge(does.secret);
      case "lose-memory":
        return estate.clock.drive(Lambda.of(estate.world).crash(recyclerName));
    }
  }

  /** A version of a secret, with the value's text in it, if a text begins as broken ones do. */
  #value(secret: number, isBroken: boolean): string {
    const text = this.#text(isBroken);
    return this.schedule.secrets[secret]?.json ? JSON.stringify({ [jsonKey]: text }) : text;
  }

  #text(isBroken: boolean): string {
    return `${isBroken ? broken : "good"}-${++this.#values}`;
  }

  async #put(secret: number, isBroken: boolean, VersionStages?: readonly string[]): Promise<void> {
    const { estate } = this;
    const ClientRequestToken = estate.version();
    const SecretString = this.#value(secret, isBroken);
    const SecretId = this.#secrets[secret]!;
    for (const label of VersionStages ?? ["AWSCURRENT"]) {
      const key = `${secret} ${label}`;
      this.#versions.set(key, [...(this.#versions.get(key) ?? []), ClientRequestToken]);
    }
    await estate.call("secretsmanager", "PutSecretValue", {
      SecretId,
      SecretString,
      ClientRequestToken,
      VersionStages,
    });
  }

  async #moveLabel(secret: number, VersionStage: string, to: number): Promise<void> {
    const had = this.#versions.get(`${secret} ${VersionStage}`) ?? [];
    const SecretId = this.#secrets[secret]!;
    const { VersionIdsToStages = {} } = await this.estate.call<DescribeSecretResponse>(
      "secretsmanager",
      "DescribeSecret",
      { SecretId },
    );
    const RemoveFromVersionId = Object.keys(VersionIdsToStages).find((id) =>
      VersionIdsToStages[id]?.includes(VersionStage),
    );
    const MoveToVersionId = had[to % had.length];
    if (MoveToVersionId === undefined || MoveToVersionId === RemoveFromVersionId) return;
    const input = { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId };
    await this.estate.call("secretsmanager", "UpdateSecretVersionStage", input);
  }

  /** An event of a version that nobody made, as CloudTrail would tell of it. */
  async #forge(secret: number): Promise<void> {
    const event = JSON.parse(readFileSync(forgedEvent, "utf8")) as ForgedEvent;
    const time = new Date(this.estate.clock.now()).toISOString();
    event.time = event.detail.eventTime = time;
    event.detail.requestParameters.secretId = this.#secrets[secret]!;
    if (this.history.installedAtMs < Infinity) await this.estate.send(JSON.stringify(event));
  }

  async #update(service: number, change: object): Promise<void> {
    const input = { cluster: this.#clusterOf(service), service: serviceName(service), ...change };
    await this.estate.call("ecs", "UpdateService", input);
  }

  #clusterOf(service: number): string {
    return clusterName(this.schedule.services[service]?.cluster ?? 0);
  }

  /** A healthy task of a service that is not being stopped. */
  #task(service: number, index: number): string | undefined {
    const targets = Ecs.of(this.estate.world).targets(this.#clusterOf(service), serviceName(service));
    return targets[index % targets.length]?.taskArn;
  }

  /** The deployment of a service that has not ended. */
  #attempt(service: number): string | undefined {
    const standing = this.history.now().services.find((one) => one.service === serviceName(service));
    return standing?.attempts.find(({ finishedAt }) => finishedAt === undefined)?.arn;
  }

  /** As the settings list it: a secret through Parameter Store by its name. */
  #listed(drawn: DrawnReference): string {
    return drawn.by === "parameter-store" ? secretName(drawn.secret) : this.#reference(drawn);
  }

  #reference(drawn: DrawnReference): string {
    const { partition, region, account } = this.estate.world;
    if ("parameter" in drawn) {
      const name = parameterName(drawn.parameter);
      return drawn.by === "name" ? name : `arn:${partition}:ssm:${region}:${account}:parameter${name}`;
    }
    if (drawn.by === "parameter-store") return `/aws/reference/secretsmanager/${secretName(drawn.secret)}`;
    const arn = this.#secrets[drawn.secret]!;
    const id = drawn.by === "arn" ? arn : arn.slice(0, -7);
    const version = drawn.pinned ? (this.#versions.get(`${drawn.secret} AWSCURRENT`)?.[0] ?? "") : "";
    const parts = [drawn.jsonKey ? jsonKey : "", drawn.label ?? "", version];
    return parts.every((part) => part === "") ? id : [id, ...parts].join(":");
  }

  /** As the truth names the value; undefined for a pinned version. */
  #key(drawn: DrawnReference): string | undefined {
    if ("parameter" in drawn)
      return keyOf({
        subjectArn: this.estate.world.arn("ssm", `parameter${parameterName(drawn.parameter)}`),
      });
    if (drawn.by !== "parameter-store" && drawn.pinned) return undefined;
    const label = drawn.by === "parameter-store" ? undefined : drawn.label;
    return keyOf({ subjectArn: this.#secrets[drawn.secret]!, label: label ?? "AWSCURRENT" });
  }
}

/** As far as a forged event differs from the canonical one. */
interface ForgedEvent {
  time: string;
  readonly detail: { eventTime: string; readonly requestParameters: { secretId: string } };
}
const forgedEvent = join(__dirname, "..", "..", "events", "examples", "put-secret-value-by-arn.json");

/** The references that the settings list; none where they cover all. Those to a secret that they leave out go, too. */
function listedReferences({ reads, unlisted }: DrawnService): readonly DrawnReference[] {
  if (unlisted === undefined) return [];
  const all = reads.flat();
  const left = unlisted.flatMap((index) => (all[index] ? [subjectOf(all[index])] : []));
  return all.filter((one) => !left.includes(subjectOf(one)) && !("pinned" in one));
}

function subjectOf(drawn: DrawnReference): string {
  return "parameter" in drawn ? `parameter ${drawn.parameter}` : `secret ${drawn.secret}`;
}

function configurationOf({
  strategy,
  percent,
  deferredCleanUp,
  pause,
}: DrawnService): DeploymentConfiguration {
  return {
    strategy,
    minimumHealthyPercent: percent.minimum,
    maximumPercent: percent.maximum,
    // The circuit breaker is for the rolling strategy only.
    ...(strategy === "ROLLING" && { deploymentCircuitBreaker: { enable: true, rollback: true } }),
    ...(deferredCleanUp && {
      earlySuccessCriteria: {
        enable: true,
        healthyPercent: 100,
        sourceServiceRevisionCleanup: "DEFERRED",
      },
    }),
    ...(pause && {
      lifecycleHooks: [
        {
          targetType: "PAUSE",
          lifecycleStages: ["POST_SCALE_UP"],
          timeoutConfiguration: { timeoutInMinutes: pause.minutes, action: pause.action },
        },
      ],
    }),
  };
}

function serviceName(index: number): string {
  return `service-${index}`;
}

function clusterName(index: number): string {
  return `cluster-${index}`;
}

function secretName(index: number): string {
  return `secret-name-${index}`;
}

function parameterName(index: number): string {
  return `/parameter/${index}`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function many(count: number, name: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => name(index));
}
