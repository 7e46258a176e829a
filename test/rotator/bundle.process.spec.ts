import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { isBuiltin } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { createAuthority } from "../../embedded-aws/test/support/certificates";
import { PostgresRuntime } from "../../embedded-aws/runtime/postgres";
import type { DatabaseHandle } from "../../embedded-aws/aws/runtime";
import { build } from "../../rotator/build.cjs";
import type { RotatorSettings } from "../../rotator/settings";
import { FakeSecretsManager } from "../../simulation/rotations/fake-stores";

const modules = join(__dirname, "../../node_modules");
const masterPassword = "password-of-the-master";
const appPassword = "password-of-the-application";

describe("the rotation function's bundle", () => {
  let folder: string;
  let inputs: string[];
  before(async () => {
    // Outside of the repository, where no node_modules is found but what Lambda carries.
    folder = mkdtempSync(join(tmpdir(), "rotator-bundle-"));
    mkdirSync(join(folder, "task"));
    mkdirSync(join(folder, "node_modules"));
    for (const scope of ["@aws-sdk", "@smithy"])
      symlinkSync(join(modules, scope), join(folder, "node_modules", scope));
    ({ inputs } = await build(join(folder, "task", "index.js")));
    writeFileSync(
      join(folder, "task", "invoke.js"),
      `const { handler } = require("./index.js");
       (async () => { for (const event of JSON.parse(process.argv[2])) await handler(event, {}); })()
         .catch((error) => { console.error(error); process.exitCode = 1; });`,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the function in a bare process, as Lambda does. */
  async function invoke(
    events: unknown[],
    settings: RotatorSettings,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ output: string; code: number }> {
    const child = spawn(process.execPath, [join(folder, "task", "invoke.js"), JSON.stringify(events)], {
      cwd: join(folder, "task"),
      env: {
        NODE_PATH: join(folder, "node_modules"),
        ROTATOR_SETTINGS: JSON.stringify(settings),
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY: "example",
        AWS_EC2_METADATA_DISABLED: "true",
        ...environment,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (output += String(chunk)));
    const [code] = (await once(child, "close")) as [number];
    return { output, code };
  }

  it("is one file of at most 1 MB with the drivers pg and mysql2, what they need, and nothing else", () => {
    const packages = new Set(
      inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []),
    );

    assert.ok(statSync(join(folder, "task", "index.js")).size <= 1_000_000);
    assert.deepEqual([...packages].sort(), [
      ...[
        "generate-function",
        "iconv-lite",
        "is-property",
        "long",
        "lru.min",
        "mysql2",
        "named-placeholders",
      ],
      ...[
        "pg",
        "pg-cloudflare",
        "pg-connection-string",
        "pg-int8",
        "pg-pool",
        "pg-protocol",
        "pg-types",
        "pgpass",
      ],
      ...["postgres-array", "postgres-bytea", "postgres-date", "postgres-interval", "safer-buffer", "split2"],
      ...["sql-escaper", "xtend", "zod"],
    ]);
    assert.ok(
      inputs.every(
        (input) => /^(node_modules|rotator|events|aws-semantics)\//.test(input) || isBuiltin(input),
      ),
    );
  });

  it("refuses, in a bare process, what is no event and settings that are none", async () => {
    const event = await invoke([{ Step: "setSecret" }], { strategy: "single-user" });
    const settings = await invoke([{}], { strategy: "none" } as unknown as RotatorSettings);

    assert.equal(event.code, 1);
    assert.match(
      event.output,
      /not an event of Secrets Manager: SecretId is missing; ClientRequestToken is missing/,
    );
    assert.match(
      settings.output,
      /ROTATOR_SETTINGS: strategy: expected "alternating-users" or "single-user", found "none"/,
    );
  });

  it("says that an endpoint or NAT is missing when Secrets Manager does not answer", async () => {
    const event = { Step: "createSecret", SecretId: "shop/db", ClientRequestToken: "token" };

    const { output, code } = await invoke(
      [event],
      { adminSecret: "admin" },
      { AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
    );

    assert.equal(code, 1);
    assert.match(output, /cannot be reached \(ECONNREFUSED\).*VPC endpoint .*secretsmanager.*NAT/);
  });

  describe("with TLS to the database", () => {
    const authority = createAuthority("authority of the bundle's test");
    // Resolves to the loopback address, but is none of the names for which the rotator does without TLS.
    const host = "LOCALHOST";
    const aws = new FakeSecretsManager();
    let database: DatabaseHandle;
    let endpoint: Server;
    let url: string;

    before(async () => {
      database = await new PostgresRuntime({ certificate: authority.issue(host) }).start({
        identifier: "bundle-spec",
        engine: "postgres",
        databaseName: "shop",
        masterUsername: "master",
        masterPassword,
      });
      const master = new Client({ ...database, user: "master", password: masterPassword, database: "shop" });
      await master.connect();
      await master.query(`CREATE ROLE app LOGIN PASSWORD '${appPassword}'`);
      await master.end();
      const { port } = database;
      aws.create("admin", { username: "master", password: masterPassword, host });
      aws.create("shop/db", {
        engine: "postgres",
        host,
        port,
        dbname: "shop",
        username: "app",
        password: appPassword,
      });
      endpoint = overHttp(aws).listen(0, "127.0.0.1");
      await once(endpoint, "listening");
      url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
      writeFileSync(join(folder, "authority.pem"), authority.certificate);
      writeFileSync(join(folder, "another.pem"), createAuthority("another").certificate);
    });
    after(async () => {
      endpoint.close();
      await database.stop();
    });

    /** The four steps in one bare process. */
    function rotate(
      authorities: string,
      settings: RotatorSettings = {},
    ): Promise<{ output: string; code: number }> {
      const ClientRequestToken = aws.rotate("shop/db");
      const events = ["createSecret", "setSecret", "testSecret", "finishSecret"].map((Step) => ({
        Step,
        SecretId: "shop/db",
        ClientRequestToken,
      }));
      return invoke(
        events,
        { adminSecret: "admin", minimumIntervalMinutes: 0, ...settings },
        { AWS_ENDPOINT_URL: url, NODE_EXTRA_CA_CERTS: join(folder, authorities) },
      );
    }

    it("refuses a certificate of another authority, and AWSCURRENT stays", async () => {
      const { output, code } = await rotate("another.pem");

      assert.equal(code, 1);
      assert.match(output, /certificate-refused/);
      assert.match(output, /the server's certificate is not trusted.*tlsAuthorities/);
      assert.equal(aws.value("shop/db")["username"], "app");
      assert.ok(![masterPassword, appPassword].some((password) => output.includes(password)));
    });

    it("checks no certificate where the settings say so", async () => {
      const checked = await rotate("another.pem", { tls: "verify" });
      const unchecked = await rotate("another.pem", { tls: "require" });

      assert.deepEqual([checked.code, unchecked.code], [1, 0], unchecked.output);
      assert.equal(aws.value("shop/db")["username"], "app_clone");
    });

    it("rotates with the authority that NODE_EXTRA_CA_CERTS names", async () => {
      const before = aws.value("shop/db")["username"];
      const { output, code } = await rotate("authority.pem");

      assert.equal(code, 0, output);
      const { username, password } = aws.value("shop/db");
      assert.notEqual(username, before);
      const application = new Client({
        ...{ host, port: database.port, user: username, password, database: "shop" },
        ssl: { ca: authority.certificate },
      });
      await application.connect();
      await application.end();
      assert.deepEqual(
        output
          .split("\n")
          .filter(Boolean)
          .map((line) => (JSON.parse(line) as { outcome: string }).outcome),
        ["done", "done", "done", "done"],
      );
    });
  });
});

/** The fake Secrets Manager as JSON 1.1, for an SDK client in another process. */
function overHttp(aws: FakeSecretsManager): Server {
  return createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1]!;
      const command = { constructor: { name: `${operation}Command` }, input: JSON.parse(body) as never };
      const seconds = (_key: string, field: unknown) =>
        typeof field === "string" && /^\d{4}-\d\d-\d\dT/.test(field) ? Date.parse(field) / 1000 : field;
      response.setHeader("content-type", "application/x-amz-json-1.1");
      (aws.client.send as unknown as (command: unknown) => Promise<unknown>)(command).then(
        (answer) => response.end(JSON.stringify(answer, seconds)),
        (error: Error) => {
          response.statusCode = 400;
          response.end(JSON.stringify({ __type: error.name, message: error.message }));
        },
      );
    });
  });
}
