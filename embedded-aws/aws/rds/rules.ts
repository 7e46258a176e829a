import type { CreateDBInstanceMessage, Tag } from "@aws-sdk/client-rds";
import {
  databaseEngines,
  type DatabaseEngine,
  type EngineName,
} from "../../../aws-semantics/database-engines";
import { page as pageOf } from "../constraints";
import { notImplemented } from "../errors";
import { invalidCombination, invalidValue } from "./errors";

/** What the embedded RDS alone knows of an engine. */
interface EngineRules {
  readonly longestMasterUsername: number;
  readonly defaultVersion: string;
  readonly reservedUsernames: readonly string[];
  /** The database that exists when none is named. */
  readonly defaultDatabase?: string;
}

const engines: Readonly<Record<EngineName, EngineRules>> = {
  postgres: {
    longestMasterUsername: 63,
    defaultVersion: "17.6",
    reservedUsernames: ["admin", "rdsadmin", "postgres_admin", "rds_superuser"],
    defaultDatabase: "postgres",
  },
  mysql: {
    longestMasterUsername: 32,
    defaultVersion: "8.4.6",
    reservedUsernames: ["rdsadmin", "root"],
  },
  mariadb: {
    longestMasterUsername: 32,
    defaultVersion: "11.8.3",
    reservedUsernames: ["rdsadmin", "root"],
  },
};

/** An engine: what the rotation function knows of it too, and what only the embedded RDS knows. */
type Engine = DatabaseEngine & EngineRules & { readonly name: EngineName };

/** Engines that RDS has and the embedded one has not. */
const otherEngines =
  /^(aurora-(mysql|postgresql)|custom-.+|db2-(ae|se)|oracle-(ee|ee-cdb|se2|se2-cdb)|sqlserver-(ee|se|ex|web|dev-ee))$/;

/** The rules of an engine; refuses what is none, and says so where only the embedded RDS lacks it. */
export function engineOf(called: string | undefined): Engine {
  const engine = (called ?? "").toLowerCase();
  if (otherEngines.test(engine)) throw notImplemented(`rds:CreateDBInstance with engine ${engine}`);
  if (!Object.hasOwn(engines, engine)) throw invalidValue(`Invalid DB engine: ${engine}`);
  const name = engine as EngineName;
  return { ...databaseEngines[name], ...engines[name], name };
}

/** Letters, digits and single hyphens, a letter first, no hyphen last; kept in lower case. */
export function checkIdentifier(identifier: string | undefined, member: string, longest = 63): string {
  const text = identifier ?? "";
  if (text.length > longest || !/^[A-Za-z](-?[A-Za-z0-9])*$/.test(text))
    throw invalidValue(
      `The parameter ${member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    );
  return text.toLowerCase();
}

/** The master password: 8 characters and more, printable ASCII without `/`, `@`, `"` and space. */
export function checkPassword(password: string, engine: Engine): void {
  const because =
    password.length < 8
      ? "because it is shorter than 8 characters"
      : password.length > engine.longestPassword
        ? `because it is longer than ${engine.longestPassword} characters`
        : undefined;
  if (because) throw invalidValue(`The parameter MasterUserPassword is not a valid password ${because}.`);
  if (!/^[!-~]+$/.test(password) || /[/@"]/.test(password))
    throw invalidValue(
      `The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`,
    );
}

/** What CreateDBInstance refuses beside identifier and engine. */
export function checkInstance(input: CreateDBInstanceMessage, engine: Engine): void {
  const username = input.MasterUsername;
  if (username === undefined) throw invalidCombination("The parameter MasterUsername must be provided.");
  if (!/^[A-Za-z]\w*$/.test(username) || username.length > engine.longestMasterUsername)
    throw invalidValue(`The parameter MasterUsername is not a valid username: ${username}`);
  if (engine.reservedUsernames.includes(username.toLowerCase()))
    throw invalidValue(
      `MasterUsername ${username} cannot be used as it is a reserved word used by the engine`,
    );
  if (input.ManageMasterUserPassword && input.MasterUserPassword !== undefined)
    throw invalidCombination(
      "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.",
    );
  if (!input.ManageMasterUserPassword) {
    if (input.MasterUserPassword === undefined)
      throw invalidCombination("The parameter MasterUserPassword must be provided.");
    checkPassword(input.MasterUserPassword, engine);
  }
  if (input.DBName !== undefined && !/^[A-Za-z_]\w{0,62}$/.test(input.DBName))
    throw invalidValue("DBName must begin with a letter and contain only alphanumeric characters.");
  if (!/^db\.[a-z0-9-]+\.[a-z0-9]+$/.test(input.DBInstanceClass ?? ""))
    throw invalidValue(`Invalid DB Instance class: ${input.DBInstanceClass ?? ""}`);
  checkWhole(input.AllocatedStorage, 5, 65_536, "AllocatedStorage");
  checkWhole(input.Port, 1150, 65_535, "Port");
  checkWhole(input.BackupRetentionPeriod, 0, 35, "BackupRetentionPeriod");
  checkTags(input.Tags);
}

/** A whole number within a range; absent passes. */
export function checkWhole(value: number | undefined, low: number, high: number, member: string): void {
  if (value !== undefined && (!Number.isInteger(value) || value < low || value > high))
    throw invalidValue(`Invalid value ${value} for ${member}. Valid range: ${low} to ${high}`);
}

/** At most 50 tags; keys of 1 to 128 characters without `aws:` in front, values of at most 256. */
export function checkTags(tags: readonly Tag[] | undefined): void {
  if ((tags?.length ?? 0) > 50) throw invalidValue("A resource can have at most 50 tags.");
  for (const { Key = "", Value = "" } of tags ?? []) {
    if (Key.length < 1 || Key.length > 128 || /^(aws|rds):/i.test(Key))
      throw invalidValue("Tag keys must have 1 to 128 characters and must not begin with aws: or rds:.");
    if (Value.length > 256) throw invalidValue("Tag values must have at most 256 characters.");
  }
}

/** One page of a Describe operation: 20 to 100 records, 100 without MaxRecords. */
export function page<T>(
  items: readonly T[],
  { MaxRecords, Marker }: { MaxRecords?: number; Marker?: string },
): { items: T[]; Marker?: string } {
  checkWhole(MaxRecords, 20, 100, "MaxRecords");
  const { items: some, nextToken } = pageOf(items, Marker, MaxRecords, 100, {
    code: "InvalidParameterValue",
  });
  return { items: some, Marker: nextToken };
}
