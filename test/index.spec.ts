import assert from "node:assert/strict";
import { packConfigSchema } from "../stack/settings-schema";
import { archiveOf, COMPUTED, isTaggable, runIndex, type Declared, type Run } from "./support/declared";
import { places } from "./support/places";
import { settingsOfStack } from "./support/stack-file";

/** Inputs that hold a policy, a pattern or what else must be known in a preview. */
const PLAIN = [
  "policy",
  "assumeRolePolicy",
  "eventPattern",
  "redriveAllowPolicy",
  "environment",
  "sourceArn",
];

/** Settings with everything in them. */
const everything = {
  ...settingsOfStack("prod"),
  rotations: [
    { secret: "rds!db-1", rotator: { kind: "managed" } },
    {
      secret: "own",
      rotator: { kind: "function", rotationLambdaArn: "arn:aws:lambda:us-west-2:123456789012:function:mine" },
    },
    { secret: "database", rotator: { kind: "built-in", engine: "mysql", adminSecret: "admin" } },
    { parameter: "/shop/database", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } },
  ],
};

function ofType({ resources }: Run, type: string): readonly Declared[] {
  return resources.filter((resource) => resource.type === type);
}

/** What was declared, by name, but for the code of functions. */
function withoutCode({ resources }: Run): Record<string, unknown> {
  return Object.fromEntries(
    resources.map(({ type, name, inputs }) => [`${type} ${name}`, { ...inputs, code: null }]),
  );
}

function names(run: Run): string[] {
  return run.resources.map(({ type, name }) => `${type} ${name}`).sort();
}

describe("index.ts", () => {
  it("needs nothing but a Region and a cluster", async () => {
    const run = await runIndex({ services: [{ cluster: "shop" }] });

    const prefix = "ecs-secret-recycler-dev";
    assert.deepEqual(run.outputs, {
      queueName: `${prefix}.fifo`,
      queueUrl: `${COMPUTED}queue-events.url`,
      functionName: prefix,
      questionsArn: `${COMPUTED}recycler-questions.arn`,
      ruleNames: {
        secrets: `${prefix}-secrets`,
        parameters: `${prefix}-parameters`,
        deployments: `${prefix}-deployments`,
        sweep: `${prefix}-sweep`,
      },
      trailBucketName: `${COMPUTED}trail-bucket.bucket`,
      policyConfig: {
        "ecs-service-secrets-covered": {
          account: "123456789012",
          region: "us-west-2",
          coverage: [{ cluster: "shop", exclude: [], secrets: [], parameters: [], wave: 0 }],
          exceptions: [],
        },
      },
    });
  });

  it("exports a configuration that the policy pack accepts as it is", async () => {
    const { outputs } = await runIndex({
      services: [{ cluster: "shop", service: "api", secrets: ["database"], wave: 1 }],
      exceptions: [{ service: "shop/reports", reason: "its key never changes" }],
    });

    const { policyConfig } = outputs as { policyConfig: Record<string, object> };
    const exported = policyConfig["ecs-service-secrets-covered"];
    assert.deepEqual(packConfigSchema.parse(exported), exported);
  });

  it("declares no resource when a setting is wrong", async () => {
    const declared: string[] = [];

    const run = runIndex({ services: [], mode: "on" }, { onResource: (name) => declared.push(name) });

    await assert.rejects(run, /services: .*\n {2}mode: /);
    assert.deepEqual(declared, []);
  });

  it("refuses an encrypted setting, which would stand in the function's code as plain text", async () => {
    const secretKeys = ["ecs-secret-recycler:services"];

    const run = runIndex({ services: [{ cluster: "shop", secrets: ["hunter2"] }] }, { secretKeys });

    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /services: expected plain text, found an encrypted value/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });

  it("goes up with the settings of Pulumi.dev.yaml, without a trail", async () => {
    const run = await runIndex(settingsOfStack("dev"), { recycler: "real" });

    assert.equal(ofType(run, "awsx:cloudtrail:Trail").length, 0);
    assert.equal(ofType(run, "aws:lambda/function:Function").length, 1);
    assert.ok(!("trailBucketName" in run.outputs));
  });

  it("goes up with the settings of Pulumi.prod.yaml, with trail, rotation and alarms", async () => {
    const run = await runIndex(settingsOfStack("prod"), { stack: "prod", recycler: "real" });

    assert.equal(ofType(run, "awsx:cloudtrail:Trail").length, 1);
    assert.equal(ofType(run, "aws:secretsmanager/secretRotation:SecretRotation").length, 2);
    assert.equal(ofType(run, "aws:lambda/function:Function").length, 2);
    assert.ok(ofType(run, "aws:cloudwatch/metricAlarm:MetricAlarm").length >= 4);
  });

  it("declares as many resources for a thousand services as for one", async () => {
    const services = Array.from({ length: 1000 }, (_, index) => ({
      cluster: "shop",
      service: `service-${index}`,
    }));

    const many = await runIndex({ services, trail: "none" });
    const one = await runIndex({ services: services.slice(0, 1), trail: "none" });

    assert.deepEqual(names(many), names(one));
  });

  it("changes only the function's code and the registered coverage when a known cluster gets another service", async () => {
    const before = await runIndex({ services: [{ cluster: "shop", service: "api" }] });
    const after = await runIndex({
      services: [{ cluster: "shop", exclude: ["worker"], secrets: ["database"] }],
    });

    const codes = [before, after].map((run) => archiveOf(run, "recycler-function"));
    const [old, young] = await Promise.all(codes);
    assert.deepEqual(withoutCode(after), withoutCode(before));
    assert.notDeepEqual(young, old);
  });

  for (const place of places)
    describe(`in ${place.partition}`, () => {
      let run: Run;
      before(async () => {
        const text = JSON.stringify(everything).replaceAll("arn:aws:", `arn:${place.partition}:`);
        const settings = JSON.parse(text.replaceAll("us-west-2", place.region)) as Record<string, unknown>;
        run = await runIndex(settings, { ...place, stack: "prod" });
      });

      it("names no other partition and no other Region", () => {
        const text = JSON.stringify(run.resources.map(({ inputs }) => inputs));
        const partitions = new Set([...text.matchAll(/arn:([a-z-]+):/g)].map(([, partition]) => partition));
        const regions = new Set(
          [...text.matchAll(/\b(?:us|cn|us-gov)-(?:west|north)-\d\b/g)].map(([region]) => region),
        );
        assert.deepEqual([...partitions], [place.partition]);
        assert.deepEqual([...regions], [place.region]);
      });

      it("holds no unknown in a policy, a pattern or an environment", () => {
        const looked = run.resources.flatMap(({ name, inputs }) =>
          PLAIN.flatMap((key) =>
            key in inputs ? [[`${name}.${key}`, JSON.stringify(inputs[key])] as const] : [],
          ),
        );
        assert.ok(looked.length >= 12, `only ${looked.length} policies and patterns were found`);
        for (const [where, text] of looked) assert.ok(!text.includes(COMPUTED), where);
      });

      it("tags everything that takes tags", () => {
        const taggable = run.resources.filter(({ type }) => isTaggable(type));
        assert.ok(taggable.length > 20);
        for (const { name, inputs } of taggable)
          assert.deepEqual(inputs.tags, { "ecs-secret-recycler:stack": "prod" }, name);
      });
    });

  describe("every resource", () => {
    let run: Run;
    before(async () => {
      run = await runIndex(everything, { stack: "prod" });
    });

    it("has a parent, and a name that starts with its component's", () => {
      const components = new Set(
        run.resources
          .filter(({ type, parent }) => type.startsWith("ecs-secret-recycler:") && !parent)
          .map(({ name }) => name),
      );
      for (const { name, parent } of run.resources) {
        if (components.has(name)) continue;
        assert.ok(parent, name);
        const component = [...components].find((candidate) => name.startsWith(`${candidate}-`));
        assert.ok(component && parent.startsWith(component), `${name} below ${parent}`);
      }
    });

    it("that is a component registers its outputs", () => {
      const components = run.resources.filter(({ type }) => type.startsWith("ecs-secret-recycler:"));
      assert.ok(components.length >= 8);
      for (const { name, outputs } of components) assert.ok(Object.keys(outputs ?? {}).length > 0, name);
    });

    it("that a rule, queue, function or mapping is joined to is a dependency of it", () => {
      const dependencies = (name: string): readonly string[] =>
        run.resources.find((resource) => resource.name === name)?.dependencies ?? [];

      for (const rule of ["secrets", "parameters", "deployments", "sweep"])
        assert.deepEqual(
          [...dependencies(`rules-${rule}-to-queue`)].sort(),
          ["queue-events", "queue-undelivered", `rules-${rule}`].sort(),
        );
      assert.deepEqual(dependencies("queue-events"), ["queue-dead-letters"]);
      assert.deepEqual([...dependencies("recycler-mapping")].sort(), ["queue-events", "recycler-function"]);
      assert.ok(dependencies("recycler-function").includes("recycler-role-policy"));
    });
  });
});
