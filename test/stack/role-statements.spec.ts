import assert from "node:assert/strict";
import { decide, type Decision } from "../../aws-semantics/iam-policy";
import { physicalNames } from "../../stack/context";
import { localArn } from "../../aws-semantics/arn";
import { clustersOf, recyclerStatements } from "../../stack/role-statements";
import { places } from "../support/places";

const names = physicalNames("ecs-secret-recycler", "dev");

/** Actions that return a value, or the means to read one. */
const READING = [
  "secretsmanager:GetSecretValue",
  "secretsmanager:BatchGetSecretValue",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "ssm:GetParametersByPath",
  "ssm:GetParameterHistory",
  "kms:Decrypt",
];

/** Actions that have a cluster in every request. */
const inClusters = [
  "ecs:DescribeServiceDeployments",
  "ecs:DescribeServiceRevisions",
  "ecs:DescribeServices",
  "ecs:DescribeTasks",
  "ecs:GetTaskProtection",
  "ecs:ListServiceDeployments",
  "ecs:ListServices",
  "ecs:ListTasks",
  "ecs:UpdateService",
];

describe("recyclerStatements", () => {
  for (const place of places)
    describe(`in ${place.partition}`, () => {
      const statements = recyclerStatements(place, names, ["shop", "warehouse"]);
      const ask = (action: string, resource: string, context: Record<string, string> = {}): Decision =>
        decide(statements, { action, resource, context });
      const arn = (service: string, resource: string): string => localArn(place, service, resource);

      it("allows what the recycler does with services of every covered cluster", () => {
        for (const action of inClusters)
          for (const cluster of ["shop", "warehouse"]) {
            const context = { "ecs:cluster": arn("ecs", `cluster/${cluster}`) };
            assert.equal(ask(action, arn("ecs", `service/${cluster}/api`), context), "Allowed", action);
          }
        assert.equal(ask("ecs:DescribeTaskDefinition", "*"), "Allowed");
      });

      it("denies services of other clusters, one whose name begins alike included, and of no known cluster", () => {
        for (const action of inClusters) {
          assert.equal(ask(action, arn("ecs", "service/shop/api")), "ImplicitlyDenied", action);
          for (const cluster of ["other", "shop2"]) {
            const context = { "ecs:cluster": arn("ecs", `cluster/${cluster}`) };
            assert.equal(
              ask(action, arn("ecs", `service/${cluster}/api`), context),
              "ImplicitlyDenied",
              action,
            );
          }
        }
      });

      it("allows looking at secrets and parameters, its queue and its log", () => {
        const secret = arn("secretsmanager", "secret:shop/database-AbCdEf");
        const log = arn("logs", `log-group:${names.logGroup}:log-stream:2026/01/01/[$LATEST]abc`);
        assert.equal(ask("secretsmanager:DescribeSecret", secret), "Allowed");
        assert.equal(ask("secretsmanager:ListSecretVersionIds", secret), "Allowed");
        assert.equal(ask("secretsmanager:ListSecrets", "*"), "Allowed");
        assert.equal(ask("ssm:DescribeParameters", "*"), "Allowed");
        for (const action of ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"])
          assert.equal(ask(`sqs:${action}`, arn("sqs", names.queue)), "Allowed", action);
        assert.equal(ask("logs:PutLogEvents", log), "Allowed");
      });

      it("denies what belongs to others: another queue, log, account or Region", () => {
        const elsewhere = { ...place, account: "210987654321" };
        assert.equal(ask("sqs:DeleteMessage", arn("sqs", "other.fifo")), "ImplicitlyDenied");
        assert.equal(
          ask("logs:PutLogEvents", arn("logs", "log-group:other:log-stream:a")),
          "ImplicitlyDenied",
        );
        for (const there of [elsewhere, { ...place, region: "eu-west-1" }]) {
          const secret = localArn(there, "secretsmanager", "secret:shop/database-AbCdEf");
          assert.equal(ask("secretsmanager:DescribeSecret", secret), "ImplicitlyDenied");
          const context = { "ecs:cluster": localArn(there, "ecs", "cluster/shop") };
          assert.equal(
            ask("ecs:UpdateService", localArn(there, "ecs", "service/shop/api"), context),
            "ImplicitlyDenied",
          );
        }
      });

      it("denies every action that reads a value, on every kind of resource", () => {
        const resources = [
          "*",
          arn("secretsmanager", "secret:shop/database-AbCdEf"),
          arn("ssm", "parameter/shop/database"),
          arn("kms", "key/00000000-0000-0000-0000-000000000000"),
        ];
        for (const action of READING)
          for (const resource of resources) assert.equal(ask(action, resource), "ImplicitlyDenied", action);
      });

      it("denies sending to its queue, passing roles and starting tasks", () => {
        assert.equal(ask("sqs:SendMessage", arn("sqs", names.queue)), "ImplicitlyDenied");
        assert.equal(
          ask("iam:PassRole", `arn:${place.partition}:iam::123456789012:role/a`),
          "ImplicitlyDenied",
        );
        assert.equal(ask("ecs:RunTask", "*"), "ImplicitlyDenied");
      });
    });

  it("has no wildcard in an action", () => {
    const actions = recyclerStatements(places[0]!, names, ["shop"]).flatMap(({ Action }) => Action ?? []);

    assert.ok(actions.length > 10);
    for (const action of actions) assert.doesNotMatch(action, /[*?]/);
  });
});

describe("clustersOf", () => {
  it("names each cluster once, in an order that does not depend on that of the settings", () => {
    const entry = { exclude: [], secrets: [], parameters: [], wave: 0 };

    const clusters = clustersOf([
      { cluster: "b", service: "x", ...entry },
      { cluster: "a", ...entry },
      { cluster: "b", service: "y", ...entry },
    ]);

    assert.deepEqual(clusters, ["a", "b"]);
  });
});
