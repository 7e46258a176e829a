/** Database engines that can be rotated, in the words of `rotations[].rotator.engine`. */
export const engineNames = ["postgres", "mysql", "mariadb"] as const;

/** The name of a database engine. */
export type EngineName = (typeof engineNames)[number];

/** What is known of an engine. */
export interface DatabaseEngine {
  readonly defaultPort: number;
  /** Characters of the longest password (Amazon RDS User Guide). */
  readonly longestPassword: number;
  /** The longest name of a user: characters, for PostgreSQL bytes (NAMEDATALEN - 1). */
  readonly longestUserName: number;
  /** Names by which RDS, Aurora and the JSON of a secret call it. */
  readonly calledBy: readonly string[];
}

/**
 * The one table of engines. Names of users: MySQL 8.4 Reference Manual, "Account User Names"; MariaDB documentation,
 * "CREATE USER".
 */
export const databaseEngines: Readonly<Record<EngineName, DatabaseEngine>> = {
  postgres: {
    defaultPort: 5432,
    longestPassword: 128,
    longestUserName: 63,
    calledBy: ["postgres", "postgresql", "aurora-postgresql"],
  },
  mysql: {
    defaultPort: 3306,
    longestPassword: 41,
    longestUserName: 32,
    calledBy: ["mysql", "aurora-mysql", "aurora"],
  },
  mariadb: { defaultPort: 3306, longestPassword: 41, longestUserName: 80, calledBy: ["mariadb"] },
};

/** Every name by which an engine is called, for messages. */
export const calledEngines = engineNames.flatMap((name) => databaseEngines[name].calledBy).join(", ");

/** The engine that RDS, Aurora or a secret calls by a name; undefined for every other engine. */
export function engineCalled(name: string): EngineName | undefined {
  return engineNames.find((engine) => databaseEngines[engine].calledBy.includes(name.toLowerCase()));
}
