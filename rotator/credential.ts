import { rotatorError } from "./errors";
import type { EngineName } from "./settings";

/**
 * The JSON of a database secret (AWS Secrets Manager User Guide, "JSON structure of AWS Secrets Manager secrets"),
 * with everything else that its owner keeps in it.
 */
export interface Credential {
  readonly engine?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username: string;
  /** Never log it. */
  readonly password: string;
  readonly dbname?: string;
  readonly masterarn?: string;
  /** All fields as they stand, to write them back. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads a credential.
 * @param where names the version in errors; the text itself never appears in one
 */
export function parseCredential(text: string | undefined, where: string): Credential {
  const invalid = (what: string): Error => rotatorError("final", "invalid-secret", `${where}: ${what}`);
  if (text === undefined)
    throw invalid("has no text; wanted JSON with username, password, engine, host, port and dbname");
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // No cause: the message of JSON.parse quotes the text.
    throw invalid("is not JSON; wanted an object with username, password, engine, host, port and dbname");
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw invalid("is JSON but not an object; wanted username, password, engine, host, port and dbname");
  const mistakes: string[] = [];
  const record = fields as Record<string, unknown>;
  const optional = (name: string): string | undefined => {
    const value = record[name];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") mistakes.push(`${name} is ${kindOf(value)}, wanted a text`);
    return typeof value === "string" ? value : undefined;
  };
  const required = (name: string): string => {
    const before = mistakes.length;
    const value = optional(name);
    if (value === undefined && mistakes.length === before) mistakes.push(`${name} is missing`);
    return value ?? "";
  };
  // A port may come as text: templates write it so.
  const port = record["port"] === undefined || record["port"] === "" ? undefined : Number(record["port"]);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    mistakes.push("port is not a number from 1 to 65535");
  const credential = {
    engine: optional("engine"),
    host: optional("host"),
    port,
    username: required("username"),
    password: required("password"),
    dbname: optional("dbname"),
    masterarn: optional("masterarn"),
    fields: record,
  };
  if (mistakes.length > 0) throw invalid(mistakes.join(", "));
  return credential;
}

/** The same credential with another user or password; everything else stays as its owner wrote it. */
export function withLogin(credential: Credential, username: string, password: string): Credential {
  return { ...credential, username, password, fields: { ...credential.fields, username, password } };
}

/** The JSON to store. */
export function formatCredential(credential: Credential): string {
  return JSON.stringify(credential.fields);
}

/** Engines by the names that RDS and Secrets Manager write into `engine`. */
const engines: Readonly<Record<string, EngineName>> = {
  postgres: "postgres",
  postgresql: "postgres",
  "aurora-postgresql": "postgres",
  mysql: "mysql",
  "aurora-mysql": "mysql",
  aurora: "mysql",
  mariadb: "mariadb",
};

/** The engine of a credential: the settings' and the secret's word, which must not contradict each other. */
export function engineOf(
  credential: Credential,
  configured: EngineName | undefined,
  where: string,
): EngineName {
  const written = credential.engine === undefined ? undefined : engines[credential.engine.toLowerCase()];
  const fail = (what: string): Error => rotatorError("final", "invalid-secret", `${where}: ${what}`);
  if (credential.engine !== undefined && written === undefined)
    throw fail(`engine is "${credential.engine}", wanted ${Object.keys(engines).join(", ")}`);
  if (configured && written && (configured === "postgres") !== (written === "postgres"))
    throw fail(`engine is "${credential.engine}", but the rotator's settings say "${configured}"`);
  const engine = configured ?? written;
  if (!engine) throw fail("engine is missing, and the rotator's settings name none");
  return engine;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
