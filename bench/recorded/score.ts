import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Session, type Compared, type Recording, type RequestFile } from "./session";
import * as events from "./requests/events";
import * as kms from "./requests/kms";
import * as secretsmanager from "./requests/secretsmanager";
import * as sqs from "./requests/sqs";
import * as ssm from "./requests/ssm";
import * as sts from "./requests/sts";

/** The requests of each file of recordings, by the file's name. */
const requestFiles: Readonly<Record<string, RequestFile>> = { events, kms, secretsmanager, sqs, ssm, sts };

/** Services of which a share of the answers is enough, in percent. Of the others each must match or be named. */
export const enough: Readonly<Record<string, number>> = { logs: 90, "lambda-sqs": 90, sns: 90 };

/** How the answers of one service compare. */
export interface ServiceScore {
  /** The name of the file of recordings. */
  readonly service: string;
  readonly matched: number;
  /** Recorded answers of operations that the embedded AWS has. */
  readonly total: number;
  /** Differences that the table in embedded-aws/README.md explains. */
  readonly named: number;
}

export interface Scored {
  readonly score: ServiceScore;
  /** Answers that differ and that the table does not name. */
  readonly unnamed: readonly Compared[];
  /** Rows of the table that name no difference. */
  readonly stale: readonly string[];
  /** Answers of operations that the embedded AWS has not. */
  readonly notOurs: number;
}

/** A difference that the table names: a service, a test and the label of an answer. */
export interface NamedDifference {
  readonly service: string;
  readonly test: string;
  readonly label: string;
}

const readme = join(__dirname, "..", "..", "embedded-aws", "README.md");
const row = /^\| `([\w-]+)` +\| `([^`]+)` +\| `([^`]+)` +\| (?:[^|]*\S) +\|$/gm;

/** The rows of the table of differences in embedded-aws/README.md. */
export function namedDifferences(): NamedDifference[] {
  return [...readFileSync(readme, "utf8").matchAll(row)].map((cells) => ({
    service: cells[1]!,
    test: cells[2]!,
    label: cells[3]!,
  }));
}

/** The files of recordings, by name. */
export function recordedServices(): string[] {
  return readdirSync(join(__dirname, "answers"))
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => file.slice(0, -".jsonl".length))
    .sort();
}

/** The recordings of a service. */
export function recordingsOf(service: string): Recording[] {
  const text = readFileSync(join(__dirname, "answers", `${service}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Recording);
}

/** Makes the requests of each recorded test of a service, and compares. */
export async function scoreOf(service: string): Promise<Scored> {
  const file = requestFiles[service];
  if (!file) throw new Error(`no requests for the recordings of ${service}: write requests/${service}.ts`);
  const compared: Compared[] = [];
  for (const recording of recordingsOf(service)) compared.push(...(await compare(recording, file)));
  const ours = compared.filter(({ outcome }) => outcome !== "not ours");
  const different = ours.filter(({ outcome }) => outcome === "differs");
  const names = namedDifferences().filter((one) => one.service === service);
  const isNamed = ({ test, label }: Compared): boolean =>
    names.some((one) => one.test === test && one.label === label);
  return {
    score: {
      service,
      matched: ours.length - different.length,
      total: ours.length,
      named: different.filter(isNamed).length,
    },
    unnamed: different.filter((one) => !isNamed(one)),
    stale: names
      .filter((name) => !different.some(({ test, label }) => test === name.test && label === name.label))
      .map(({ test, label }) => `${test} ${label}`),
    notOurs: compared.length - ours.length,
  };
}

/** Whether a service's answers agree as far as they must. */
export function passes({ score: { service, matched, total, named }, stale }: Scored): boolean {
  return stale.length === 0 && (matched + named) * 100 >= total * (enough[service] ?? 100);
}

async function compare(recording: Recording, file: RequestFile): Promise<Compared[]> {
  const { test } = recording;
  const [, name = "", parameters = ""] = /(\w+)(?:\[(.*)\])?$/s.exec(test) ?? [];
  const requests = file.requests[name];
  const session = new Session(recording, file);
  const failed = (label: string, why: string): Compared => ({
    test,
    label,
    outcome: "differs",
    differences: [{ path: "", recorded: "an answer", ours: why }],
  });
  if (requests === undefined)
    return Object.keys(recording.answers).map((label) => failed(label, "no request is written"));
  if (typeof requests === "string") {
    if (session.has(requests)) throw new Error(`${test} is left out for ${requests}, which is there`);
    return Object.keys(recording.answers).map((label) => ({
      test,
      label,
      outcome: "not ours",
      differences: [],
    }));
  }
  let why = "no request is written";
  try {
    await requests(session, parameters);
  } catch (error) {
    why = `the requests ended with ${String(error)}`;
  }
  const mistakes = session.world.mistakes.map((mistake) => `mistake: ${String(mistake)}`);
  return [
    ...session.compared,
    ...session.missing.map((label) => failed(label, [why, ...mistakes].join("; "))),
  ];
}
