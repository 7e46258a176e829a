import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Statement } from "../../aws-semantics/iam-policy";
import { Iam } from "../../embedded-aws/aws/iam";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import type { World } from "../../embedded-aws/aws/world";
import { realWorld } from "../../embedded-aws/test/support/world";
import { Engine, type Stack } from "./support/engine";

const repository = join(__dirname, "..", "..");
const roleArn = "arn:aws:iam::123456789012:role/deployer";
const boundaryArn = "arn:aws:iam::123456789012:policy/ecs-secret-recycler-boundary";
const boundary = readFileSync(join(repository, "docs", "role-boundary.json"), "utf8");
const text = readFileSync(join(repository, "docs", "deployer-policy.json"), "utf8");
const { Statement: statements } = JSON.parse(text) as { Statement: readonly (Statement & { Sid: string })[] };

/** What the real provider asks for and the embedded AWS's does not: reads after each write, tags of their own. */
const onlyInAws = /OnlyInAws$/;

describe("docs/deployer-policy.json", function () {
  let world: World;
  let engine: Engine;
  let stack: Stack;
  let config: Record<string, unknown>;

  before(async () => {
    world = realWorld();
    for (const name of ["production/database", "production/database-admin"])
      await world.asOperator("secretsmanager", "CreateSecret", { Name: name, SecretString: "{}" });
    const secrets = SecretsManager.of(world);
    secrets.manageRotation("rds", () => Promise.resolve("{}"));
    secrets.createManaged({ owningService: "rds", name: "rds!db-0a1b2c3d", value: "{}" });
    await world.asOperator("iam", "CreatePolicy", {
      PolicyName: "ecs-secret-recycler-boundary",
      PolicyDocument: boundary,
    });
    await world.asOperator("iam", "CreateRole", {
      RoleName: "deployer",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    await world.asOperator("iam", "PutRolePolicy", {
      RoleName: "deployer",
      PolicyName: "deployer",
      // As the page says: what only the real provider asks for is beside it, and allows nothing here.
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: statements.filter(({ Sid }) => !onlyInAws.test(Sid)),
      }),
    });
    engine = await Engine.start(world, { caller: { kind: "role", roleArn, session: "deployer" } });
    const file = readFileSync(join(repository, "Pulumi.prod.yaml"), "utf8");
    config = (
      parse(file.replace("rds!db-00000000-0000-0000-0000-000000000000", "rds!db-0a1b2c3d")) as {
        config: Record<string, unknown>;
      }
    ).config;
    config["ecs-secret-recycler:permissionsBoundary"] = boundaryArn;
    stack = await engine.stack(repository, "prod", config);
  });

  after(async () => {
    await engine?.close();
    await world?.stop();
  });

  it("is enough for the stack to go up, to be changed and to go down", async () => {
    const up = await stack.up();
    assert.equal(up.status, 0, up.output);

    stack.configure({
      ...config,
      "ecs-secret-recycler:mode": "off",
      "ecs-secret-recycler:timing": { delaySeconds: 20 },
      "ecs-secret-recycler:logRetentionDays": 30,
    });
    const changed = await stack.up();
    assert.equal(changed.status, 0, changed.output);

    const down = await stack.destroy();
    assert.equal(down.status, 0, down.output);
  });

  it("holds no action that was not needed for that, beside what only the real provider asks for", () => {
    const used = Iam.of(world)
      .usage()
      .filter(({ owner }) => owner === roleArn);
    const unused = statements
      .filter(({ Sid }) => !onlyInAws.test(Sid))
      .flatMap(({ Sid, Action }) =>
        [Action ?? []]
          .flat()
          .filter(
            (action) =>
              !used.some(
                ({ sid, allowed }) => sid === Sid && allowed.some((what) => what.startsWith(`${action} on `)),
              ),
          ),
      );

    assert.deepEqual(unused, []);
  });

  it("names nothing of another stack, and no action by a wildcard but the reads of a bucket", () => {
    const wildcards = statements.flatMap(({ Action }) =>
      [Action ?? []].flat().filter((action) => action.includes("*")),
    );
    const anywhere = statements.filter(({ Resource }) => Resource === "*").map(({ Sid }) => Sid);

    assert.deepEqual(wildcards, ["s3:GetBucket*"]);
    // Mappings have ids, not names; saved queries and lists take no resource (Service Authorization Reference).
    assert.deepEqual(anywhere, ["EventSourceMapping", "SavedQueries", "ListsOnlyInAws"]);
  });

  const asDeployer = (service: string, operation: string, input: object) =>
    world.dispatch(service, operation, input, {
      caller: { kind: "role", roleArn, session: "deployer" },
      door: "pulumi",
    });
  const refused = { name: /^AccessDenied/ };
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
    ],
  });
  const administrator = {
    PolicyName: "all",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    }),
  };

  it("is not enough for anything else: a cluster is refused", async () => {
    await assert.rejects(asDeployer("ecs", "CreateCluster", { clusterName: "x" }), refused);
  });

  it("makes no role without the boundary, or with another", async () => {
    const role = { RoleName: "ecs-secret-recycler-x", AssumeRolePolicyDocument };
    const other = await world.asOperator<{ Policy: { Arn: string } }>("iam", "CreatePolicy", {
      ...administrator,
      PolicyName: "other",
    });

    await assert.rejects(asDeployer("iam", "CreateRole", role), refused);
    await assert.rejects(
      asDeployer("iam", "CreateRole", { ...role, PermissionsBoundary: other.Policy.Arn }),
      refused,
    );
  });

  it("gives no rights to a role without the boundary, and takes the boundary from none", async () => {
    const RoleName = "ecs-secret-recycler-old";
    await world.asOperator("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument });

    await assert.rejects(asDeployer("iam", "PutRolePolicy", { RoleName, ...administrator }), refused);
    await assert.rejects(
      asDeployer("iam", "PutRolePermissionsBoundary", { RoleName, PermissionsBoundary: boundaryArn }),
      refused,
    );
  });

  it("may give a role with the boundary every right, and the role can do no more than the boundary", async () => {
    const RoleName = "ecs-secret-recycler-y";
    await asDeployer("iam", "CreateRole", {
      RoleName,
      AssumeRolePolicyDocument,
      PermissionsBoundary: boundaryArn,
    });
    await asDeployer("iam", "PutRolePolicy", { RoleName, ...administrator });
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "payroll", SecretString: "x" });

    const asRole = (service: string, operation: string, input: object) =>
      world.dispatch(service, operation, input, {
        caller: { kind: "role", roleArn: `arn:aws:iam::123456789012:role/${RoleName}`, session: "x" },
        door: "pulumi",
      });
    await assert.doesNotReject(asRole("secretsmanager", "DescribeSecret", { SecretId: "payroll" }));
    await assert.rejects(asRole("secretsmanager", "GetSecretValue", { SecretId: "payroll" }), refused);
    await assert.rejects(asRole("iam", "CreateRole", { RoleName: "z", AssumeRolePolicyDocument }), refused);
  });

  it("maps a queue to no function of another name", async () => {
    const input = {
      FunctionName: "payroll",
      EventSourceArn: world.arn("sqs", "ecs-secret-recycler-prod.fifo"),
    };

    await assert.rejects(asDeployer("lambda", "CreateEventSourceMapping", input), refused);
  });
});
