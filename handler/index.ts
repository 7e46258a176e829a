/**
 * The code of the Lambda function. The callback that Pulumi serialises calls `createRecycler` once a container, so
 * this folder uses plain functions and plain data: no class, Map, Set or Date at the top level of a module.
 */
import { parseArn } from "../aws-semantics/arn";
import { act } from "./act";
import { wakeUpOf, type LookAround, type WakeUp } from "../events/wake-up";
import { makeClients, type Clients } from "./clients";
import type { RecyclerSettings } from "./coverage";
import { fault } from "./errors";
import { freshness } from "./freshness";
import { createLog, intervalLine, lineOf, type DecisionLine, type Log, type Write } from "./log";
import { createMemory } from "./memory";
import { observe } from "./observe";
import { createPacing } from "./pace";
import { iso, type SeenValue } from "./decision";
import { plan } from "./plan";
import { run } from "./run";
import { unproven } from "./targets";
import type { RunEnvironment, RunParts } from "./environment";

/** The fields of Lambda's context that the recycler uses. */
export interface LambdaContext {
  /** Gives the function's partition, Region and account. */
  readonly invokedFunctionArn: string;
  readonly functionName?: string;
  readonly getRemainingTimeInMillis?: () => number;
}

/** The parts that tests and simulation replace. */
export interface RecyclerParts extends RunParts {
  readonly change: (event: unknown) => WakeUp;
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
  readonly parts?: Partial<RecyclerParts>;
}

/** The answer to a batch: the first message that SQS must deliver again, and all after it. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** A service in the answer to `{ ask: "status" }`. */
export interface ServiceStatus extends DecisionLine {
  readonly wave: number;
  /** Every value that it reads, and when it last changed. */
  readonly values: readonly {
    readonly subject: string;
    readonly label?: string;
    readonly interval?: readonly [string | null, string];
    readonly problem?: string;
  }[];
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
  const parts: RecyclerParts = { change: wakeUpOf, observe, freshness, plan, act, ...dependencies.parts };
  const memory = createMemory();
  const pacing = createPacing({ now, sleep, random });

  return async (event, context) => {
    const arn = parseArn(context.invokedFunctionArn);
    if (!arn)
      throw fault(`invokedFunctionArn: expected an ARN, found ${context.invokedFunctionArn}`, "refused");
    const functionName = context.functionName ?? arn.resource.split(":")[1] ?? arn.resource;
    const log = createLog(write, now, functionName, settings.mode);
    const remainingMs = context.getRemainingTimeInMillis?.() ?? defaultTimeMs;
    const environment: RunEnvironment = {
      settings,
      home: { partition: arn.partition, region: arn.region, account: arn.account },
      clients,
      memory,
      pace: pacing.at(now() + remainingMs - reserveMs),
      log,
      now,
      parts,
    };
    try {
      const fields = typeof event === "object" && event !== null ? event : {};
      if ("ask" in fields) return await answer(environment, fields.ask);
      return await batch(environment, "Records" in fields ? fields.Records : undefined, parts.change);
    } finally {
      log.flush();
    }
  };
}

/** A batch of SQS: acknowledges all messages, except when no service could be described. */
async function batch(
  environment: RunEnvironment,
  records: unknown,
  change: RecyclerParts["change"],
): Promise<BatchAnswer> {
  const { log } = environment;
  if (!Array.isArray(records)) {
    note(log, { kind: "ignored", reason: "not a batch of SQS: Records is missing", counts: "InvalidEvents" });
    return { batchItemFailures: [] };
  }
  const messages = records.map((record: unknown) => ({
    id: messageId(record),
    wakeUp: read(record, change),
  }));
  const wakeUps = messages.map(({ wakeUp }) => wakeUp);
  for (const wakeUp of wakeUps) if (wakeUp.kind === "ignored") note(log, wakeUp);
  const changes = unproven(
    environment,
    wakeUps.filter((wakeUp) => wakeUp.kind === "change"),
  );
  const looks = wakeUps.filter(isLookAround);
  const { unreadable } = await run(environment, { changes, looks, asking: false });
  if (!unreadable) return { batchItemFailures: [] };
  const needed: readonly WakeUp[] = [...changes, ...looks];
  const first = messages.findIndex(({ wakeUp }) => needed.includes(wakeUp));
  return { batchItemFailures: messages.slice(first).map(({ id }) => ({ itemIdentifier: id })) };
}

/** Reads a message. A body that is not JSON is reported as an invalid event. */
function read(record: unknown, change: RecyclerParts["change"]): WakeUp {
  const body = field(record, "body");
  if (typeof body !== "string")
    return { kind: "ignored", reason: "the message has no body", counts: "InvalidEvents" };
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    // The text is not repeated: it could hold anything.
    return { kind: "ignored", reason: "the message is not JSON", counts: "InvalidEvents" };
  }
  return change(event);
}

function note(log: Log, ignored: Extract<WakeUp, { kind: "ignored" }>): void {
  log.count(ignored.counts ?? "Ignored");
  log.note("ignored", ignored.reason, { subject: ignored.subject });
}

function isLookAround(wakeUp: WakeUp): wakeUp is LookAround {
  return wakeUp.kind === "sweep" || wakeUp.kind === "deployment-ended";
}

function messageId(record: unknown): string {
  const id = field(record, "messageId");
  return typeof id === "string" ? id : "";
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Answers a question. Questions change nothing: only messages from the queue do. */
async function answer(environment: RunEnvironment, ask: unknown): Promise<Status> {
  if (ask !== "status") throw fault(`ask: expected "status", found ${JSON.stringify(ask)}`, "refused");
  const { settings, memory, now } = environment;
  const askedAtMs = now();
  const { decided } = await run(environment, {
    changes: [],
    looks: [{ kind: "sweep", cause: "status" }],
    asking: true,
  });
  return {
    mode: settings.mode,
    askedAt: iso(askedAtMs),
    installedAt: memory.installedAtMs === undefined ? undefined : iso(memory.installedAtMs),
    services: decided.map(({ situation, decision }) => ({
      ...lineOf(decision, settings.mode),
      wave: situation.wave,
      values: situation.values.map(valueStatus),
    })),
  };
}

function valueStatus({ subject, label, move }: SeenValue): ServiceStatus["values"][number] {
  if (typeof move !== "object") return { subject, label };
  return "kind" in move
    ? { subject, label, problem: move.reason }
    : { subject, label, interval: intervalLine(move) };
}
