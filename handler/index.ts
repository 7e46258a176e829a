/**
 * The code of the Lambda function. The callback that Pulumi serialises calls `createRecycler` once a container, so
 * this folder uses plain functions and plain data: no class, Map, Set or Date at the top level of a module.
 */
import { parseArn, type Place } from "../aws-semantics/arn";
import { act } from "./act";
import { makeClients, type Clients } from "./clients";
import { compileCoverage, questionsAlias, type Coverage, type RecyclerSettings } from "./coverage";
import type { RunEnvironment, RunParts } from "./environment";
import { fault } from "./errors";
import { iso } from "./facts";
import { record, text, type Fields } from "./fields";
import { createLog, lineOf, type DecisionLine, type Log, type Write } from "./log";
import { observe, type Observer } from "./observe";
import { createMemory } from "./observe/memory";
import { createPacing } from "./pace";
import { plan } from "./plan/plan";
import { reconcile } from "./reconcile";
import { invalid, triggerOf, type Change, type DeploymentEnded, type Request, type Trigger } from "./trigger";

/** The fields of Lambda's context that the recycler uses. */
export interface LambdaContext {
  /** Gives the function's partition, Region and account. */
  readonly invokedFunctionArn: string;
  readonly functionName?: string;
  readonly getRemainingTimeInMillis?: () => number;
}

/** Clients, clock and output; the defaults are those of Lambda. */
export interface Dependencies {
  /** Without retries of their own (`maxAttempts: 1`): a retried UpdateService forces a second deployment. */
  readonly clients?: Clients;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly sleep?: (delayMs: number) => Promise<void>;
  /** A number in [0, 1). */
  readonly random?: () => number;
  readonly write?: Write;
  readonly parts?: Partial<RunParts>;
}

/** The answer to a batch: the first message that SQS must deliver again, and all after it. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** A service in the answer to `{ ask: "status" }`. */
export interface ServiceStatus extends DecisionLine {
  readonly wave: number;
}

/** The answer to `{ ask: "status" }`. */
export interface Status {
  readonly mode: RecyclerSettings["mode"];
  readonly askedAt: string;
  readonly installedAt?: string;
  readonly services: readonly ServiceStatus[];
}

/** A run begins no calls in the last milliseconds before the function's timeout. */
export const reserveMs = 5000;
/** Messages in a batch of a FIFO queue, at most. */
const fullBatch = 10;
/** The time of a run where the context gives none. */
const defaultTimeMs = 60_000;

/** Makes the handler of one container. */
export function createRecycler(
  settings: RecyclerSettings,
  dependencies: Dependencies = {},
): (event: unknown, context: LambdaContext) => Promise<BatchAnswer | Status> {
  // The only place of the recycler that uses the clock, timers and random numbers.
  const now = dependencies.now ?? (() => Date.now());
  const sleep = dependencies.sleep ?? ((delayMs) => new Promise<void>((done) => setTimeout(done, delayMs)));
  const random = dependencies.random ?? (() => Math.random());
  // console.log would wrap the line in Lambda's JSON log format, where CloudWatch finds no metrics.
  const write = dependencies.write ?? ((line) => void process.stdout.write(line));
  const clients = dependencies.clients ?? makeClients();
  const parts: RunParts = { plan, act, ...dependencies.parts };
  const memory = createMemory(now());
  const pacing = createPacing({ now, sleep, random });
  let coverage: Coverage | undefined;

  return async (event, context) => {
    const arn = parseArn(context.invokedFunctionArn);
    if (!arn)
      throw fault(`invokedFunctionArn: expected an ARN, found ${context.invokedFunctionArn}`, "refused");
    const functionName = context.functionName ?? arn.resource.split(":")[1] ?? arn.resource;
    const log = createLog(write, now, functionName, settings.mode);
    const remainingMs = context.getRemainingTimeInMillis?.() ?? defaultTimeMs;
    const home = { partition: arn.partition, region: arn.region, account: arn.account };
    const environment: RunEnvironment = {
      settings,
      coverage: (coverage ??= compileCoverage(settings.coverage, home)),
      home,
      clients,
      memory,
      pace: pacing.at(now() + remainingMs - reserveMs),
      log,
      now,
      parts,
    };
    const { queueName } = settings;
    const observer = observe({ ...environment, queueName });
    try {
      // Who may ask may not restart: the alias takes questions only, and the function itself takes none.
      const isAsked = arn.resource.split(":")[2] === questionsAlias;
      const { ask, Records } = record(event) ?? {};
      if (isAsked) return await answer(environment, observer, ask);
      if (ask !== undefined)
        throw fault(`ask: expected a question at the alias ${questionsAlias} of the function`, "refused");
      return await batch(environment, observer, Records);
    } finally {
      log.flush();
    }
  };
}

/** A batch of SQS: acknowledges all messages, except when no service could be described. */
async function batch(
  environment: RunEnvironment,
  observer: Observer,
  records: unknown,
): Promise<BatchAnswer> {
  const { log, now, home } = environment;
  if (!Array.isArray(records)) {
    note(log, invalid("not a batch of SQS: Records is missing"));
    return { batchItemFailures: [] };
  }
  const messages = records.map((message: unknown) => ({
    id: text(record(message)?.["messageId"]) ?? "",
    trigger: read(record(message) ?? {}, home, now()),
  }));
  const triggers = messages.map(({ trigger }) => trigger);
  for (const trigger of triggers) if (trigger.kind === "ignored") note(log, trigger);
  const changes = await newsOf(
    environment,
    observer,
    triggers.filter((trigger) => trigger.kind === "change"),
  );
  const ended = triggers.filter((trigger): trigger is DeploymentEnded => trigger.kind === "deployment-ended");
  const requests = triggers.filter((trigger): trigger is Request => trigger.kind === "request");
  const sweep = triggers.find((trigger) => trigger.kind === "sweep");
  const full = records.length >= fullBatch;
  const { unreadable } = await reconcile(environment, observer, {
    changes,
    ended,
    requests,
    sweep,
    full,
    asking: false,
  });
  if (!unreadable) {
    for (const change of changes) observer.values.told(change);
    return { batchItemFailures: [] };
  }
  const needed: readonly Trigger[] = [...changes, ...ended, ...requests, ...(sweep ? [sweep] : [])];
  const first = messages.findIndex(({ trigger }) => needed.includes(trigger));
  return { batchItemFailures: messages.slice(first).map(({ id }) => ({ itemIdentifier: id })) };
}

/** The changes whose readers must be evaluated; the log notes the others. An event wakes, a look decides. */
async function newsOf(
  { coverage, log }: RunEnvironment,
  { values }: Observer,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const covered = changes.filter((change) => coverage.about(change).length > 0);
  const known = covered.filter((change) => values.isKnown(change));
  const open = covered.filter((change) => !known.includes(change));
  values.hear(open);
  const news = await values.news(open);
  const skip = (change: Change, reason: string): void => {
    log.count("Skipped");
    log.note("skipped", reason, { cause: change.cause, subject: change.subject });
  };
  for (const change of changes)
    if (!covered.includes(change)) skip(change, "no covered service lists this secret or parameter");
    else if (!news.includes(change)) skip(change, "its readers were already evaluated for this change");
  for (const change of open)
    if (change.versionId !== undefined && !values.isConfirmed(change)) log.count("Unconfirmed");
  return news;
}

/**
 * Reads a message. A body that is not JSON is reported as an invalid event. SentTimestamp is when SQS got it, and SenderId
 * who sent it (Amazon SQS API Reference, `ReceiveMessage`).
 */
function read(message: Fields, home: Place, nowMs: number): Trigger {
  const body = text(message["body"]);
  const { SentTimestamp, SenderId } = record(message["attributes"]) ?? {};
  if (body === undefined) return invalid("the message has no body");
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    // The text is not repeated: it could hold anything.
    return invalid("the message is not JSON");
  }
  const sentAtMs = Number(SentTimestamp ?? NaN);
  return triggerOf(event, home, Number.isFinite(sentAtMs) ? sentAtMs : nowMs, text(SenderId));
}

function note(log: Log, ignored: Extract<Trigger, { kind: "ignored" }>): void {
  log.count(ignored.counts ?? "Ignored");
  log.note("ignored", ignored.reason, { subject: ignored.subject });
}

/** Answers a question. Questions change nothing: only messages from the queue do. */
async function answer(environment: RunEnvironment, observer: Observer, ask: unknown): Promise<Status> {
  if (ask !== "status") throw fault(`ask: expected "status", found ${JSON.stringify(ask)}`, "refused");
  const { settings, memory, now } = environment;
  const askedAtMs = now();
  const { decided } = await reconcile(environment, observer, {
    changes: [],
    ended: [],
    requests: [],
    sweep: { kind: "sweep", cause: "status" },
    asking: true,
  });
  return {
    mode: settings.mode,
    askedAt: iso(askedAtMs),
    installedAt: memory.installedAtMs === undefined ? undefined : iso(memory.installedAtMs),
    services: decided.map(({ facts, decision }) => ({
      ...lineOf(decision, settings.mode),
      wave: facts.wave,
    })),
  };
}
