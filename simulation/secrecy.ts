import { gunzipSync, strFromU8, unzipSync } from "fflate";
import { CloudTrail } from "../embedded-aws/aws/cloudtrail";
import { Lambda } from "../embedded-aws/aws/lambda";
import { Logs } from "../embedded-aws/aws/logs";
import type { World } from "../embedded-aws/aws/world";

/** Where something was written, and what. */
export interface Written {
  readonly where: string;
  readonly text: string;
}

/** Operations that set or give a value: it is in their inputs and answers, and nowhere else. */
const ownOperations: ReadonlySet<string> = new Set([
  "secretsmanager:CreateSecret",
  "secretsmanager:PutSecretValue",
  "secretsmanager:UpdateSecret",
  "secretsmanager:GetSecretValue",
  "secretsmanager:GetRandomPassword",
  "ssm:PutParameter",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "rds:CreateDBInstance",
  "rds:ModifyDBInstance",
]);

/**
 * Listens to a world: which secret values were ever set, and everything that was written down anywhere, by whomever,
 * but for the calls that set and give values themselves. To be made before anything is deployed.
 */
export class Secrecy {
  readonly #values = new Set<string>();
  /** Calls that set or give a value: there the values are, or the search proves nothing. */
  readonly own: Written[] = [];
  readonly #written: Written[] = [];

  constructor(private readonly world: World) {
    world.onEvent((event) => this.write(`event ${event["detail-type"]}`, event));
    world.onServiceEvent((event) => this.write(`service event ${event.eventName}`, event));
    world.observe(({ call, input, output, error }) => {
      const name = `${call.service}:${call.operation}`;
      if (ownOperations.has(name)) {
        if (output) this.#collect(input);
        this.own.push({ where: name, text: JSON.stringify([input, output]) });
      } else this.write(`call ${name}`, [withoutBytes(input), withoutBytes(output)]);
      if (error) this.write(`refusal of ${name}`, error.message);
      if (name === "s3:PutObject") this.write("object", unpacked((input as { Body?: unknown }).Body));
    });
  }

  /** Every secret value that was set so far; of a credential its password too. */
  get values(): readonly string[] {
    return [...this.#values];
  }

  /** Adds something to what is searched. */
  write(where: string, what: unknown): void {
    this.#written.push({ where, text: typeof what === "string" ? what : (JSON.stringify(what) ?? "") });
  }

  /** Everything that was written, what stands in the account at this moment included. */
  written(): readonly Written[] {
    const { world } = this;
    const logs = Logs.of(world);
    const found = [
      ...CloudTrail.of(world).records.map((record) => written(`CloudTrail ${record.eventName}`, record)),
      ...logs.groups().flatMap((group) => logs.lines(group).map((line) => written(`log ${group}`, line))),
      ...world.ledger.find({}).map((entry) => written("ledger", entry)),
    ];
    return [...this.#written, ...found];
  }

  /** The files of a function's archive. */
  archive(functionName: string): Written[] {
    const zip = Lambda.of(this.world).archive(functionName);
    if (!zip) throw new Error(`there is no function ${functionName}`);
    return Object.entries(unzipSync(zip)).map(([file, bytes]) =>
      written(`archive ${functionName}/${file}`, strFromU8(bytes, true)),
    );
  }

  #collect(input: object): void {
    const {
      SecretString,
      Value = "",
      Type,
      MasterUserPassword,
    } = input as Record<string, string | undefined>;
    // Who changes a parameter need not say its type; feature flags, of type String, are no secret.
    const isCredential = Type === "SecureString" || Value.includes('"password"');
    for (const value of [SecretString, isCredential ? Value : undefined, MasterUserPassword])
      if (value !== undefined) this.#values.add(secretIn(value));
  }
}

/** In which places one of the values stands, as it is or in another notation. */
export function leaks(places: readonly Written[], values: readonly string[]): string[] {
  const notations = [...new Set(values.flatMap(notationsOf))];
  return [
    ...new Set(
      places
        .filter(({ text }) => notations.some((notation) => text.includes(notation)))
        .map(({ where }) => where),
    ),
  ];
}

/** As it is, in JSON, in JSON that stands in JSON, in Base64, in a URL. */
function notationsOf(value: string): string[] {
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  return [
    value,
    inJson(value),
    inJson(inJson(value)),
    Buffer.from(value).toString("base64"),
    encodeURIComponent(value),
  ];
}

/** A credential counts by its password, anything else as a whole. */
function secretIn(value: string): string {
  return value.startsWith("{") ? ((JSON.parse(value) as { password?: string }).password ?? value) : value;
}

function written(where: string, what: unknown): Written {
  return { where, text: typeof what === "string" ? what : JSON.stringify(what) };
}

/** Archives and files are looked at by themselves. */
function withoutBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.map(withoutBytes);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutBytes(member)]));
}

function unpacked(body: unknown): string {
  const bytes = typeof body === "string" ? Buffer.from(body) : body instanceof Uint8Array ? body : undefined;
  if (!bytes) return "";
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return strFromU8(isGzip ? gunzipSync(bytes) : bytes);
}
