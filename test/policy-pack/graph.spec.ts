import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { recordStack } from "../support/record-stack";
import { cluster, reads, recycler, service } from "../support/policy-programs";
import {
  hasUnknown,
  isUnknown,
  isWithin,
  ofType,
  sources,
  toGraph,
  unknownTexts,
} from "../../policy-pack/graph";
import type { Graph, Node } from "../../policy-pack/graph";
import { recyclerType } from "../../policy-pack/recyclers";

function node(type: string, more: Partial<Node> = {}): Node {
  const name = type.toLowerCase();
  return {
    urn: `urn:${name}`,
    type,
    name,
    properties: {},
    dependencies: [],
    propertyDependencies: {},
    ...more,
  };
}

function graphOf(...nodes: Node[]): Graph {
  return new Map(nodes.map((one) => [one.urn, one]));
}

const newSecret = () => {
  const secret = new aws.secretsmanager.Secret("database", { name: "shop/database" });
  service(cluster(), { container: reads(secret.arn) });
};

describe("unknownTexts", () => {
  it("are those that Pulumi's own proxies take for unknown", () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an internal module, without declarations
    const { unknownCheckingProxy } = require("@pulumi/policy/proxy") as {
      unknownCheckingProxy: (props: object) => Record<string, unknown>;
    };
    for (const text of unknownTexts)
      assert.throws(() => unknownCheckingProxy({ text }).text, /can't be known during preview/, String(text));
    assert.equal(unknownCheckingProxy({ text: "known" }).text, "known");
    assert.equal(unknownTexts.length, 7);
  });
});

describe("toGraph", () => {
  it("keeps what a preview cannot know as unknown, with what it was made from", async () => {
    const graph = toGraph(await recordStack(newSecret, { preview: true }));

    const [definition] = ofType(graph, "aws:ecs/taskDefinition:TaskDefinition");
    const containers = definition!.properties.containerDefinitions;
    assert.ok(isUnknown(containers));
    assert.deepEqual(
      containers.dependsOn.map((urn) => graph.get(urn)?.type),
      ["aws:secretsmanager/secret:Secret"],
    );
  });

  it("keeps what is known as it is, in the order of URNs, whatever the engine's order", async () => {
    const resources = await recordStack(newSecret, { preview: false });

    const graph = toGraph(resources);

    assert.deepEqual([...graph.keys()], [...toGraph([...resources].reverse()).keys()]);
    assert.equal(ofType(graph, "aws:secretsmanager/secret:Secret")[0]!.properties.name, "shop/database");
    assert.ok(![...graph.values()].some(({ properties }) => hasUnknown(properties)));
  });

  it("finds an unknown deep inside a property", async () => {
    const graph = toGraph(
      await recordStack(
        () =>
          service(cluster(), {
            service: {
              serviceConnectConfiguration: {
                enabled: true,
                logConfiguration: {
                  logDriver: "splunk",
                  secretOptions: [
                    { name: "t", valueFrom: new aws.secretsmanager.Secret("t", { name: "t" }).arn },
                  ],
                },
              },
            },
          }),
        { preview: true },
      ),
    );

    const [found] = ofType(graph, "aws:ecs/service:Service");
    assert.ok(!isUnknown(found!.properties.serviceConnectConfiguration));
    assert.ok(hasUnknown(found!.properties.serviceConnectConfiguration));
  });

  it("does not hold the text of an asset", async () => {
    const text = new pulumi.asset.StringAsset("the code of a function");
    const code = new pulumi.asset.AssetArchive({ "index.js": text });
    const program = () => new aws.lambda.Function("f", { name: "f", role: "arn:aws:iam::1:role/r", code });

    const graph = toGraph(await recordStack(program, { preview: false }));

    assert.ok(!JSON.stringify([...graph]).includes("the code of a function"));
  });
});

describe("isWithin", () => {
  it("holds for what stands below a component, at any depth, and not for its neighbours", async () => {
    const graph = toGraph(await recordStack(() => recycler(), { preview: true }));
    const [component] = ofType(graph, recyclerType);
    const within = (type: string) => ofType(graph, type).map((one) => isWithin(graph, one, component!.urn));

    assert.deepEqual(within("aws:lambda/function:Function"), [true]);
    assert.deepEqual(new Set(within("aws:sqs/queue:Queue")), new Set([false]));
  });
});

describe("sources", () => {
  const secret = node("Secret");
  const host = node("Host");
  const version = node("Version", {
    dependencies: [secret.urn, host.urn],
    propertyDependencies: { secretId: [secret.urn], secretString: [host.urn] },
  });
  const graph = graphOf(secret, host, version);

  it("finds what a property was made from, through the one property of the given types only", () => {
    assert.deepEqual(sources(graph, [version.urn], ["Secret", "Host"], { Version: "secretId" }), [secret]);
    assert.deepEqual(sources(graph, [version.urn], ["Secret"]), []);
    assert.deepEqual(sources(graph, [secret.urn], ["Secret"]), [secret]);
  });

  it("ends where resources depend on each other in a circle", () => {
    const one = node("One", { propertyDependencies: { other: ["urn:two"] } });
    const two = node("Two", { propertyDependencies: { other: ["urn:one"] } });

    assert.deepEqual(sources(graphOf(one, two), [one.urn], ["Two"], { One: "other", Two: "other" }), [two]);
  });
});
