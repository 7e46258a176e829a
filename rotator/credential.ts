import { calledEngines, engineCalled, type EngineName } from "../aws-semantics/database-engines";
import { rotatorError } from "./errors";

/**
 * The JSON of a database secret (AWS Secrets Manager User Guide, "JSON structure of AWS Secrets Manager secrets").
 */
export interface Credential {
  readonly engine?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username: string;
  /** Never log it. */
  readonly password: string;
  readonly dbname?: string;
  /** All fields, unknown ones included, to write them back. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const wanted = "expected an object with username, password, engine, host, port and dbname";

/**
 * Reads a credential.
 * @param where names the version in errors, which never quote the text
 */
export function parseCredential(text: string | undefined, where: string): Credential {
  const invalid = (what: string): Error => rotatorError("final", "invalid-secret", `${where}: ${what}`);
  if (text === undefined) throw invalid(`has no SecretString; ${wanted}`);
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // No cause: the message of JSON.parse quotes the text.
    throw invalid(`is not JSON; ${wanted}`);
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw invalid(`is not a JSON object; ${wanted}`);
  const mistakes: string[] = [];
  const record = fields as Record<string, unknown>;
  const optional = (name: string): string | undefined => {
    const value = record[name];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") mistakes.push(`${name}: expected a string, found ${kindOf(value)}`);
    return typeof value === "string" ? value : undefined;
  };
  const required = (name: string): string => {
    const before = mistakes.length;
    const value = optional(name);
    if (value === undefined && mistakes.length === before) mistakes.push(`${name} is missing`);
    return value ?? "";
  };
  // Templates write the port as text.
  const port = record["port"] === undefined || record["port"] === "" ? undefined : Number(record["port"]);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    mistakes.push("port: expected a number from 1 to 65535");
  const credential = {
    engine: optional("engine"),
    host: optional("host"),
    port,
    username: required("username"),
    password: required("password"),
    dbname: optional("dbname"),
    fields: record,
  };
  if (mistakes.length > 0) throw invalid(mistakes.join(", "));
  return credential;
}

/** The same credential with another user and password; all other fields stay. */
export function withLogin(credential: Credential, username: string, password: string): Credential {
  return { ...credential, username, password, fields: { ...credential.fields, username, password } };
}

/** The JSON to store. */
export function formatCredential(credential: Credential): string {
  return JSON.stringify(credential.fields);
}

/** The engine from the rotator's settings or from the credential; they must not contradict each other. */
export function engineOf(
  credential: Credential,
  configured: EngineName | undefined,
  where: string,
): EngineName {
  const written = engineCalled(credential.engine ?? "");
  const fail = (what: string): Error => rotatorError("final", "invalid-secret", `${where}: ${what}`);
  if (credential.engine !== undefined && written === undefined)
    throw fail(`engine: expected one of ${calledEngines}, found "${credential.engine}"`);
  if (configured && written && (configured === "postgres") !== (written === "postgres"))
    throw fail(`engine: expected "${configured}" as in the rotator's settings, found "${credential.engine}"`);
  const engine = configured ?? written;
  if (!engine) throw fail("engine is missing; add it here or in the rotator's settings");
  return engine;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
