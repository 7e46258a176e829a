import assert from "node:assert/strict";
import { parseSettings } from "../../rotator/settings";
import { COMPUTED, runIndex, type Run } from "../support/declared";

const services = [{ cluster: "shop" }];
const own = "arn:aws:lambda:us-west-2:123456789012:function:rotate";
const SCHEDULE = "aws:secretsmanager/secretRotation:SecretRotation";

/** Runs the stack with rotations and nothing else beside. */
function rotating(
  rotations: unknown[],
  surroundings: Parameters<typeof runIndex>[1] = {},
  more = {},
): Promise<Run> {
  return runIndex({ services, trail: "none", rotations, ...more }, surroundings);
}

function inputsOf({ resources }: Run, name: string): Readonly<Record<string, unknown>> {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, `${name} is not among ${resources.map((resource) => resource.name).join(", ")}`);
  return found.inputs;
}

/** The settings that a rotation function finds in its environment, as the function itself reads them. */
function environmentOf(run: Run, name: string) {
  const { variables } = inputsOf(run, name).environment as { variables: Record<string, string> };
  return { ...variables, ROTATOR_SETTINGS: parseSettings(variables.ROTATOR_SETTINGS) };
}

/** A database as RDS describes it, and its subnets. */
function database(engine: string): Parameters<typeof runIndex>[1] {
  return {
    calls: {
      "aws:rds/getInstance:getInstance": ({ dbInstanceIdentifier }) => {
        if (dbInstanceIdentifier !== "shop") throw new Error("DBInstanceNotFound: no such instance");
        return { engine, dbSubnetGroup: "private", vpcSecurityGroups: ["sg-1"] };
      },
      "aws:rds/getSubnetGroup:getSubnetGroup": ({ name }) => ({ name, subnetIds: ["subnet-1", "subnet-2"] }),
    },
  };
}

describe("Rotation", () => {
  it("declares only rules for a managed secret, and retains them when the stack goes", async () => {
    const run = await rotating([
      { secret: "rds!db-1", schedule: "rate(7 days)", rotator: { kind: "managed" } },
    ]);

    const below = run.resources.filter(({ parent }) => parent === "rotation");
    assert.equal(below.length, 1);
    assert.equal(below[0]?.type, SCHEDULE);
    assert.equal(below[0].retainOnDelete, true);
    assert.deepEqual(below[0].inputs, {
      secretId: "rds!db-1",
      rotateImmediately: false,
      rotationRules: { scheduleExpression: "rate(7 days)", duration: "3h" },
    });
  });

  it("lets Secrets Manager call a function of your own, once for all the secrets that it rotates", async () => {
    const rotator = { kind: "function", rotationLambdaArn: own };

    const run = await rotating([
      { secret: "a", rotator },
      { secret: "b", rotator, rotateImmediately: true },
    ]);

    const permissions = run.resources.filter(({ type }) => type === "aws:lambda/permission:Permission");
    assert.deepEqual(
      permissions.map(({ inputs }) => inputs),
      [
        {
          action: "lambda:InvokeFunction",
          function: own,
          principal: "secretsmanager.amazonaws.com",
          sourceAccount: "123456789012",
        },
      ],
    );
    for (const secret of ["a", "b"]) {
      const schedule = run.resources.find(({ name }) => name === `rotation-${secret}-schedule`);
      assert.equal(schedule?.inputs.rotationLambdaArn, own);
      assert.equal(schedule.inputs.rotateImmediately, secret === "b");
      assert.equal(schedule.retainOnDelete, false);
      assert.deepEqual(schedule.dependencies, [permissions[0]?.name]);
    }
  });

  it("passes the role and the metadata of a partner on, and declares nothing else", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/partner";
    const rotator = { kind: "partner", roleArn, metadata: { adminSecretArn: "arn", apiVersion: "v1" } };

    const run = await rotating([{ secret: "api-key", rotator }]);

    const below = run.resources.filter(({ parent }) => parent === "rotation");
    assert.deepEqual(
      below.map(({ type }) => type),
      [SCHEDULE],
    );
    assert.deepEqual(inputsOf(run, below[0]?.name ?? ""), {
      secretId: "api-key",
      rotateImmediately: false,
      rotationRules: { scheduleExpression: "rate(30 days)", duration: "3h" },
      externalSecretRotationRoleArn: roleArn,
      externalSecretRotationMetadatas: [
        { key: "adminSecretArn", value: "arn" },
        { key: "apiVersion", value: "v1" },
      ],
    });
  });

  it("puts the certificate authorities of the settings into the function", async () => {
    const rotator = {
      kind: "built-in",
      engine: "postgres",
      adminSecret: "admin",
      tlsAuthorities: "package.json",
      password: { length: 20 },
    };

    const run = await rotating([{ secret: "database", rotator }]);

    const { code } = inputsOf(run, "rotation-database-function");
    const { ROTATOR_SETTINGS, ...environment } = environmentOf(run, "rotation-database-function");
    const assets = await (code as { assets: Promise<object> }).assets;
    assert.deepEqual(Object.keys(assets).sort(), ["authorities.pem", "index.js"]);
    assert.deepEqual(environment, { NODE_EXTRA_CA_CERTS: "/var/task/authorities.pem" });
    assert.equal(ROTATOR_SETTINGS.password?.length, 20);
  });

  it("makes a function for a secret that the built-in rotator rotates, with settings that it takes", async () => {
    const rotator = {
      kind: "built-in",
      engine: "postgres",
      adminSecret: "admin",
      subnets: ["subnet-0a"],
      securityGroups: ["sg-0a"],
    };

    const run = await rotating([{ secret: "database", rotator }]);

    const { code: _code, environment: _environment, ...made } = inputsOf(run, "rotation-database-function");
    assert.equal(made.name, "ecs-secret-recycler-dev-rotator-database");
    assert.equal(made.handler, "index.handler");
    assert.equal(made.runtime, "nodejs24.x");
    assert.deepEqual(made.vpcConfig, { subnetIds: ["subnet-0a"], securityGroupIds: ["sg-0a"] });
    const { ROTATOR_SETTINGS, ...environment } = environmentOf(run, "rotation-database-function");
    assert.deepEqual(environment, { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" });
    assert.deepEqual(ROTATOR_SETTINGS, {
      engine: "postgres",
      strategy: "alternating-users",
      minimumIntervalMinutes: 60,
      adminSecret: "admin",
    });
    assert.equal(inputsOf(run, "rotation-database-permission").sourceAccount, "123456789012");
    assert.equal(
      inputsOf(run, "rotation-database-schedule").rotationLambdaArn,
      `${COMPUTED}rotation-database-function.arn`,
    );
  });

  it("has a rule call the function for a parameter, and keeps what could not be delivered", async () => {
    const rotator = { kind: "built-in", engine: "mariadb", adminSecret: "admin" };

    const run = await rotating([{ parameter: "database", schedule: "rate(1 day)", rotator }]);

    const rule = run.resources.find(
      ({ type, parent }) => type === "aws:cloudwatch/eventRule:EventRule" && parent === "rotation",
    );
    const target = run.resources.find(({ parent }) => parent === rule?.name);
    const permission = run.resources.find(({ type }) => type === "aws:lambda/permission:Permission");
    const undelivered = JSON.stringify(inputsOf(run, "queue-undelivered").policy);
    const arn = `arn:aws:events:us-west-2:123456789012:rule/${String(rule?.inputs.name)}`;
    assert.equal(rule?.inputs.scheduleExpression, "rate(1 day)");
    assert.equal(rule.inputs.state, "ENABLED");
    assert.deepEqual(target?.inputs.deadLetterConfig, { arn: `${COMPUTED}queue-undelivered.arn` });
    assert.equal(permission?.inputs.principal, "events.amazonaws.com");
    assert.equal(permission.inputs.sourceArn, arn);
    assert.ok(undelivered.includes(arn));
    assert.ok(!JSON.stringify(inputsOf(run, "queue-events").policy).includes(arn));
    assert.equal(run.resources.filter(({ type }) => type === SCHEDULE).length, 0);
    const made = run.resources.find(({ type, parent }) => type.includes("Function") && parent !== "recycler");
    assert.equal(environmentOf(run, made?.name ?? "").ROTATOR_SETTINGS.parameter, "database");
  });

  it("does not rotate a parameter while nothing replaces the tasks that hold it", async () => {
    const rotator = { kind: "built-in", engine: "mariadb", adminSecret: "admin" };

    const run = await rotating([{ parameter: "database", rotator }], {}, { mode: "dry-run" });

    const rule = run.resources.find(({ name }) => name.startsWith("rotation-") && name.endsWith("-rule"));
    assert.equal(rule?.inputs.state, "DISABLED");
  });

  for (const [engine, wanted] of [
    ["postgres", "postgres"],
    ["aurora-mysql", "mysql"],
  ] as const)
    it(`derives engine, subnets and security groups from a database that runs ${engine}`, async () => {
      const rotator = { kind: "built-in", database: "shop", adminSecret: "admin" };

      const run = await rotating([{ secret: "database", rotator }], database(engine));

      assert.deepEqual(inputsOf(run, "rotation-database-function").vpcConfig, {
        subnetIds: ["subnet-1", "subnet-2"],
        securityGroupIds: ["sg-1"],
      });
      assert.equal(environmentOf(run, "rotation-database-function").ROTATOR_SETTINGS.engine, wanted);
    });

  it("refuses databases that cannot be used, all at once and with their paths, before anything is declared", async () => {
    const declared: string[] = [];
    const surroundings = { ...database("oracle-ee"), onResource: (name: string) => declared.push(name) };
    const using = (name: string) => ({ kind: "built-in", database: name, adminSecret: "admin" });

    const run = rotating(
      [
        { secret: "a", rotator: using("shop") },
        { secret: "b", rotator: using("shoop") },
      ],
      surroundings,
    );

    await assert.rejects(run, (error: Error) => {
      assert.match(
        error.message,
        /rotations\[0\]\.rotator\.database: "shop" runs oracle-ee; expected postgres/,
      );
      assert.match(
        error.message,
        /rotations\[1\]\.rotator\.database: "shoop" cannot be looked up: .*DBInstanceNotFound/,
      );
      return true;
    });
    assert.deepEqual(declared, []);
  });

  it("keeps the names of functions apart and within 64 characters", async () => {
    const rotator = { kind: "built-in", engine: "postgres", adminSecret: "admin" };
    const secrets = [
      "shop/database",
      "shop-database",
      `a/very/long/name/${"x".repeat(100)}`,
      `a/very/long/name/${"x".repeat(101)}`,
    ];

    const run = await rotating(
      secrets.map((secret) => ({ secret, rotator })),
      { stack: "s".repeat(28) },
    );

    const functions = run.resources.filter(({ type }) => type === "aws:lambda/function:Function");
    const names = functions.map(({ inputs }) => String(inputs.name));
    assert.equal(new Set(names).size, 5);
    for (const name of names) assert.ok(name.length <= 64, name);
  });
});
