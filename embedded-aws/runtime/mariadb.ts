import { chownSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection, format } from "mysql2/promise";
import type { DatabaseHandle, DatabaseRuntime, DatabaseSpec } from "../aws/runtime";
import { nativeHash } from "../aws/rds/master-password";
import { onFreePort, startServer, takesConnections, unprivilegedAccount } from "./server-process";

/** What installs the programs. */
const remedy = "apt-get install -y mariadb-server";

/** Milliseconds within which a new server must take connections. */
const startDeadlineMs = 60_000;

/** Amazon RDS User Guide, "Master user account privileges", MariaDB 10.6 and later: no SUPER, no FILE. */
const masterPrivileges = [
  "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES",
  "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE",
  "CREATE USER, EVENT, TRIGGER, REPLICATION SLAVE",
].join(", ");

/** What differs between two runs of a server. */
export interface MariadbOptions {
  /** Server variables beside the built-in ones (`{ "general-log": "ON" }`, which goes into `serverLog`). */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Where its programs are, beside PATH; default: where Debian's package puts them. */
  readonly programFolders?: readonly string[];
}

/** Where the Debian package puts its programs. */
const debianFolders = ["/usr/sbin", "/usr/bin"];

function program(name: string, beside: readonly string[] = debianFolders): string {
  const folders = [...(process.env["PATH"] ?? "").split(":"), ...beside];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is missing, which runs a database of engine mariadb: ${remedy}`);
  return found;
}

/**
 * Databases of engine `mariadb` as real servers, from the Debian package mariadb-server. As on RDS the master user has
 * neither SUPER nor FILE, and there is no root that could log in.
 */
export class MariadbRuntime implements DatabaseRuntime {
  constructor(private readonly options: MariadbOptions = {}) {}

  async start(spec: DatabaseSpec): Promise<DatabaseHandle> {
    if (spec.engine !== "mariadb")
      throw new Error(`database ${spec.identifier}: engine ${spec.engine} found, mariadb wanted`);
    return onFreePort(/Address already in use/, (port) => this.#startOn(port, spec));
  }

  async #startOn(port: number, spec: DatabaseSpec): Promise<DatabaseHandle> {
    const account = unprivilegedAccount();
    const install = program("mariadb-install-db", this.options.programFolders);
    const daemon = program("mariadbd", this.options.programFolders);
    const server = await startServer(`mariadb-${spec.identifier}`, account, (folder) => {
      const data = join(folder, "data");
      const initFile = join(folder, "init.sql");
      writeFileSync(initFile, initStatements(spec).join(";\n") + ";\n", { mode: 0o600 });
      if (account) chownSync(initFile, account.uid, account.gid);
      const general = join(folder, "general.log");
      return {
        steps: [
          {
            command: install,
            args: [
              ...["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"],
              ...["--skip-test-db", "--skip-name-resolve", "--cross-bootstrap"],
            ],
          },
        ],
        server: {
          command: daemon,
          args: [
            ...["--no-defaults", `--datadir=${data}`, `--init-file=${initFile}`, `--port=${port}`],
            ...[
              `--socket=${join(folder, "socket")}`,
              `--pid-file=${join(folder, "pid")}`,
              `--general-log-file=${general}`,
            ],
            ...[
              "--bind-address=127.0.0.1",
              "--skip-name-resolve",
              "--skip-log-bin",
              "--innodb-buffer-pool-size=16M",
            ],
            ...[
              "--innodb-log-file-size=8M",
              "--innodb-flush-log-at-trx-commit=0",
              "--innodb-doublewrite=OFF",
            ],
            ...["--innodb-fast-shutdown=2", "--performance-schema=OFF", "--max-connections=300"],
            ...Object.entries(this.options.parameters ?? {}).map(([name, value]) => `--${name}=${value}`),
          ],
        },
        stopSignal: "SIGTERM",
        logFiles: [general],
      };
    });
    const { masterUsername: user, masterPassword: password, databaseName: database } = spec;
    await takesConnections(
      server,
      { deadlineMs: startDeadlineMs, startingCodes: ["ECONNREFUSED"] },
      async () => {
        const connection = await createConnection({ host: "127.0.0.1", port, user, password, database });
        await connection.end();
      },
    );
    return { host: "127.0.0.1", port, serverLog: async () => server.log(), stop: () => server.stop() };
  }
}

/** What makes a fresh server look like an RDS instance. The file holds a hash, not the password. */
function initStatements(spec: DatabaseSpec): string[] {
  const { masterUsername: user, masterPassword: password, databaseName } = spec;
  return [
    format("CREATE USER ?@'%' IDENTIFIED VIA mysql_native_password USING ?", [user, nativeHash(password)]),
    format(`GRANT ${masterPrivileges} ON *.* TO ?@'%' WITH GRANT OPTION`, [user]),
    ...(databaseName === undefined ? [] : [format("CREATE DATABASE ??", [databaseName])]),
    "DROP USER IF EXISTS root@localhost, root@'127.0.0.1', root@'::1'",
  ];
}
