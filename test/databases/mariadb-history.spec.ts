import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createConnection, format } from "mysql2/promise";
import { mysqlEngine } from "../../rotator/engines/mysql";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import { loginOf, newScenario, startMariadb, type TestDatabase } from "../../simulation/rotations/databases";
import type { RotationScenario } from "../../simulation/rotations/scenario";

describe("the rotator on a MariaDB that others have used", () => {
  let database: TestDatabase;

  before(async () => {
    database = await startMariadb();
    await database.asMaster("INSTALL SONAME 'auth_ed25519'");
  });
  after(() => database.stop());

  const scenario = (settings?: RotatorSettings, admin?: Login): Promise<RotationScenario> =>
    newScenario(database, settings, admin);
  const current = (run: RotationScenario): Login => loginOf(database, run);
  const account = ({ username }: Login, host = "%"): string => format("?@?", [username, host]);
  const cloneOf = ({ username }: Login): Login => database.login(`${username}_clone`, "of-the-clone");
  /** Writes another user's login into the secret, and takes away what earlier versions knew. */
  const name = (run: RotationScenario, { username, password }: Login): void => {
    const value = { ...run.aws.value(run.secret), username, password };
    run.aws.secrets.delete(run.secret);
    run.aws.create(run.secret, value);
  };
  const open = async ({ host, port, username: user, password }: Login) =>
    createConnection({ host, port, user, password });

  describe("with hosts that come and go", () => {
    /** A user who logs in from here as `user@127.0.0.%`, rotated twice. */
    async function knownFromTwoHosts(): Promise<{ run: RotationScenario; original: Login }> {
      const run = await scenario();
      const original = current(run);
      await database.asMaster(
        format("CREATE USER ?@'127.0.0.%' IDENTIFIED BY ?", [original.username, original.password]),
      );
      await database.asMaster(`GRANT SELECT ON shop.* TO ${account(original, "127.0.0.%")}`);
      await run.rotate();
      await run.rotate();
      return { run, original };
    }

    it("rotates to an account of the clone whose host the original no longer has", async () => {
      const { run, original } = await knownFromTwoHosts();
      await database.asMaster(`DROP USER ${account(original, "127.0.0.%")}`);

      await run.rotate();

      const [seenAs] = await database.query(current(run), "SELECT CURRENT_USER() AS me");
      assert.equal(seenAs!["me"], `${original.username}_clone@127.0.0.%`);
      // What the original may do from here, as its account of all hosts.
      await database.query(current(run), "CREATE TABLE left_over (a int)");
      await run.rotate();
      await database.query(current(run), "DROP TABLE left_over");
    });

    it("goes back to an original that got another host meanwhile", async () => {
      const run = await scenario();
      const original = current(run);
      await run.rotate();
      await database.asMaster(format("CREATE USER ?@'127.0.0.%'", [original.username]));
      // Only the original still logs in by a version of the secret.
      run.aws.put(run.secret, { ...run.aws.value(run.secret), password: "bogus" });
      await database.asMaster(`DROP USER ${account(original, "127.0.0.%")}`);
      await database.asMaster(format("CREATE USER ?@'10.%'", [original.username]));
      name(run, original);
      run.aws.put(run.secret, { ...run.aws.value(run.secret), ...{ username: cloneOf(original).username } });

      await run.rotate();

      assert.equal(current(run).username, original.username);
      await database.query(current(run), "SELECT 1");
    });
  });

  describe("with a user that only happens to have the other name of the pair", () => {
    const grantMore = async (user: Login): Promise<void> => {
      await database.asMaster("CREATE DATABASE IF NOT EXISTS billing");
      await database.asMaster(`GRANT SELECT ON billing.* TO ${account(user)}`);
    };

    it("changes neither, and says what makes them a pair", async () => {
      for (const secretNames of ["original", "clone"] as const) {
        const run = await scenario();
        const original = current(run);
        const clone = cloneOf(original);
        await database.createUser(clone.username, clone.password);
        const stranger = secretNames === "original" ? clone : original;
        await grantMore(stranger);
        if (secretNames === "clone") name(run, clone);

        const error: unknown = await run.rotate().catch((thrown: unknown) => thrown);

        assert.equal((error as { code?: string }).code, "not-a-pair", String(error));
        for (const user of [original, clone]) await database.query(user, "SELECT 1");
        const [, statement = ""] = /run: ((?:GRANT|REVOKE) .*); otherwise rename/.exec(String(error)) ?? [];
        assert.match(statement, secretNames === "original" ? /^REVOKE SELECT/ : /^GRANT SELECT/);
        await database.asMaster(statement);
        await run.rotate();
        assert.equal(current(run).username, stranger.username);
      }
    });

    it("goes on from the state in which AWS's own function leaves a database: equal users", async () => {
      for (const secretNames of ["original", "clone"] as const) {
        const run = await scenario();
        const clone = cloneOf(current(run));
        await database.createUser(clone.username, clone.password);
        if (secretNames === "clone") name(run, clone);

        await run.rotate();

        await database.query(current(run), "SELECT 1");
      }
    });

    it("goes on with different users when another version of the secret logs in as the other one", async () => {
      const run = await scenario();
      const original = current(run);
      const clone = cloneOf(original);
      await database.createUser(clone.username, clone.password);
      await grantMore(original);
      const { username, password } = clone;
      run.aws.put(run.secret, { ...run.aws.value(run.secret), username, password });
      run.aws.nowMs += 1;

      await run.rotate();

      assert.equal(current(run).username, original.username);
      await database.query(clone, "SELECT 1 FROM information_schema.schemata WHERE schema_name = 'billing'");
    });
  });

  describe("with another plugin than mysql_native_password", () => {
    const pluginsOf = (user: Login): Promise<unknown> =>
      database.asMaster(
        format("SELECT User, Host, Priv FROM mysql.global_priv WHERE User LIKE ? ORDER BY 1, 2", [
          `${user.username}%`,
        ]),
      );

    it("changes no account: not the clone's, not one of another host, not one of two plugins", async () => {
      for (const create of [
        (original: Login) =>
          `CREATE USER ${account(cloneOf(original))} IDENTIFIED VIA ed25519 USING PASSWORD('of-the-clone')`,
        (original: Login) => `CREATE USER ${account(original, "localhost")} IDENTIFIED VIA unix_socket`,
        (original: Login) =>
          format("ALTER USER ?@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD(?) OR unix_socket", [
            original.username,
            original.password,
          ]),
      ]) {
        const run = await scenario();
        const original = current(run);
        await database.asMaster(create(original));
        const before = await pluginsOf(original);

        await assert.rejects(run.rotate(), {
          code: "account-unusable",
          kind: "final",
          message: /logs in by .*sets passwords of mysql_native_password only\. Change the plugin/,
        });

        assert.deepEqual(await pluginsOf(original), before);
        await database.query(original, "SELECT 1");
      }
    });

    it("says so where the user in use has one, with either strategy", async () => {
      for (const strategy of ["alternating-users", "single-user"] as const) {
        const run = await scenario({ strategy });
        const original = current(run);
        await database.asMaster(
          format("ALTER USER ?@'%' IDENTIFIED VIA ed25519 USING PASSWORD(?)", [
            original.username,
            original.password,
          ]),
        );
        const before = await pluginsOf(original);

        await assert.rejects(run.rotate(), {
          code: "account-unusable",
          message:
            /a plugin that the rotator does not have \(.*client_ed25519.*\)\. Change the account's plugin/,
        });

        assert.deepEqual(await pluginsOf(original), before);
      }
    });
  });

  describe("with limits", () => {
    it("gives the clone the original's statement time and expiry, while it is not in use", async () => {
      const run = await scenario();
      const original = current(run);
      const limitsOf = async (user: Login): Promise<string> => {
        const [row] = await database.asMaster(`SHOW CREATE USER ${account(user)}`);
        return String(Object.values(row!)[0]).replace(/^.* PASSWORD '[^']*'/, "");
      };
      await database.asMaster(
        `ALTER USER ${account(original)} WITH MAX_STATEMENT_TIME 2.5 PASSWORD EXPIRE INTERVAL 30 DAY`,
      );
      await run.rotate();
      const clone = current(run);

      assert.equal(
        await limitsOf(clone),
        " WITH MAX_STATEMENT_TIME 2.500000 PASSWORD EXPIRE INTERVAL 30 DAY",
      );
      assert.equal(await limitsOf(clone), await limitsOf(original));

      await database.asMaster(
        `ALTER USER ${account(original)} WITH MAX_STATEMENT_TIME 0 PASSWORD EXPIRE NEVER`,
      );
      await run.rotate();
      assert.match(await limitsOf(clone), /INTERVAL 30 DAY/);
      await run.rotate();
      assert.equal(await limitsOf(clone), await limitsOf(original));
    });
  });

  describe("says the cause and the remedy", () => {
    /** What a failed rotation says. */
    const refusal = async (run: RotationScenario, code: string, message: RegExp): Promise<void> => {
      await assert.rejects(run.rotate(), { code, message });
    };

    it("when an account is locked", async () => {
      const run = await scenario();
      await database.asMaster(`ALTER USER ${account(current(run))} ACCOUNT LOCK`);
      await refusal(
        run,
        "account-unusable",
        /account is locked \(.*\)\. Unlock it \(ALTER USER \.\.\. ACCOUNT UNLOCK\)/,
      );
      await database.asMaster(`ALTER USER ${account(current(run))} ACCOUNT UNLOCK`);
      await run.rotate();
    });

    it("when a password has expired, whether the server ends such a session or not", async () => {
      const ends = await startMariadb({ "disconnect-on-expired-password": "ON" });
      try {
        for (const server of [database, ends])
          for (const strategy of ["alternating-users", "single-user"] as const) {
            const run = await newScenario(server, { strategy });
            const user = account(loginOf(server, run));
            const { password } = loginOf(server, run);
            await server.asMaster(`ALTER USER ${user} PASSWORD EXPIRE`);
            await refusal(
              run,
              "account-unusable",
              /has expired \(.*\)\. Set the same password again \(ALTER USER \.\.\. IDENTIFIED BY\)/,
            );
            await server.asMaster(format(`ALTER USER ${user} IDENTIFIED BY ?`, [password]));
            await run.rotate();
          }
      } finally {
        await ends.stop();
      }
    });

    it("when the user or the server has no connection left", async () => {
      const run = await scenario({ strategy: "single-user" });
      const user = current(run);
      await database.asMaster(`ALTER USER ${account(user)} WITH MAX_USER_CONNECTIONS 1`);
      const held = await open(user);
      try {
        await refusal(run, "busy", /max_user_connections.*Raise the account's limit/);
      } finally {
        await held.end();
      }
      await run.rotate();

      const small = await startMariadb({ "max-connections": "10" });
      try {
        const other = await newScenario(small);
        const all: Awaited<ReturnType<typeof open>>[] = [];
        const full = async (): Promise<unknown> => {
          for (;;) {
            try {
              all.push(await open(small.master));
            } catch (error) {
              return (error as { code?: string }).code;
            }
          }
        };
        assert.equal(await full(), "ER_CON_COUNT_ERROR");
        await refusal(other, "busy", /Too many connections\)\. Close connections or raise max_connections/);
        for (const connection of all) await connection.end();
      } finally {
        await small.stop();
      }
    });

    it("when the database is not there, or not for this user", async () => {
      const run = await scenario();
      const user = current(run);
      run.aws.put(run.secret, { ...run.aws.value(run.secret), dbname: "nowhere" });
      await refusal(run, "missing-right", /Grant the user a right on this database, or correct dbname/);
      await database.asMaster(`GRANT SELECT ON nowhere.* TO ${account(user)}`);
      await refusal(run, "database-error", /Unknown database 'nowhere'\)\. Correct dbname in the secret/);
    });

    it("when a statement takes longer than the administrator may", async () => {
      await database.asMaster(
        "CREATE USER hurried@'%' IDENTIFIED BY 'of-the-hurried' WITH MAX_STATEMENT_TIME 0.5",
      );
      await database.asMaster("GRANT SELECT ON *.* TO hurried@'%'");
      const run = await scenario({}, database.login("hurried", "of-the-hurried"));
      const holder = await open(database.master);
      try {
        await holder.query("LOCK TABLES mysql.global_priv WRITE");
        await refusal(
          run,
          "busy",
          /max_statement_time exceeded\)\)\. Raise max_statement_time of the server/,
        );
      } finally {
        await holder.end();
      }
    });

    it("when the server's certificate is for another name, not trusted, or missing", async () => {
      const folder = mkdtempSync(join(tmpdir(), "certificate-"));
      chmodSync(folder, 0o755);
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
      execFileSync(
        "openssl",
        [
          ...[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=elsewhere.example",
          ],
          ...["-addext", "subjectAltName=DNS:elsewhere.example", "-keyout", key, "-out", certificate],
        ],
        { stdio: "ignore" },
      );
      chmodSync(key, 0o644);
      const secure = await startMariadb({ "ssl-key": key, "ssl-cert": certificate });
      const trusted = getCACertificates("default");
      const loginTo = ({ master }: TestDatabase): Promise<boolean> =>
        mysqlEngine("mariadb").accepts({ ...master, host: "localhost", tls: "verify" });
      try {
        await assert.rejects(loginTo(secure), {
          code: "certificate-refused",
          message:
            /is not trusted \(.*\)\. Name a file with its certificate authority in the setting tlsAuthorities/,
        });
        setDefaultCACertificates([...trusted, readFileSync(certificate, "utf8")]);
        await assert.rejects(loginTo(secure), {
          code: "certificate-refused",
          message: /is for another name \(.*\)\. Set the host to a name that the certificate has/,
        });
        await assert.rejects(loginTo(database), {
          code: "tls-not-offered",
          message: /offers no TLS \(.*\)\. Enable it on the server/,
        });
      } finally {
        setDefaultCACertificates(trusted);
        await secure.stop();
        rmSync(folder, { recursive: true });
      }
    });
  });
});
