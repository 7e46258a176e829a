import assert from "node:assert/strict";
import { archiveOf, runIndex, type Run } from "../support/declared";

const settings = {
  services: [{ cluster: "shop", service: "api", secrets: ["shop/database"] }],
  trail: "none",
};

function inputsOf({ resources }: Run, name: string): Readonly<Record<string, unknown>> {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, name);
  return found.inputs;
}

describe("Recycler", () => {
  let run: Run;
  before(async () => {
    run = await runIndex(settings, { recycler: "real" });
  });

  it("registers what it covers as plain values", () => {
    const recycler = run.resources.find(({ type }) => type === "ecs-secret-recycler:index:Recycler");

    assert.deepEqual(recycler?.outputs, {
      coverage: [
        { cluster: "shop", service: "api", exclude: [], secrets: ["shop/database"], parameters: [], wave: 0 },
      ],
      mode: "recycle",
      account: "123456789012",
      region: "us-west-2",
      functionName: "ecs-secret-recycler-dev",
      queueName: "ecs-secret-recycler-dev.fifo",
    });
  });

  it("deploys one file, which requires nothing that the runtime does not carry", async () => {
    const archive = await archiveOf(run, "recycler-function");

    assert.deepEqual(Object.keys(archive), ["__index.js"]);
    const required = [...(archive["__index.js"] ?? "").matchAll(/require\("([^"]+)"\)/g)].map(
      ([, name]) => name,
    );
    assert.ok(required.includes("@aws-sdk/client-ecs"));
    for (const name of required) assert.match(name ?? "", /^(@aws-sdk\/|node:)/);
  });

  it("carries its settings in the file as data", async () => {
    const { "__index.js": text = "" } = await archiveOf(run, "recycler-function");

    for (const value of ['"shop/database"', '"ecs-secret-recycler-dev.fifo"', '"recycle"'])
      assert.ok(text.includes(value), value);
  });

  it("runs on Node.js 24 and arm64, with a time limit shorter than the queue hides a message", () => {
    const recycler = inputsOf(run, "recycler-function");

    assert.equal(recycler.runtime, "nodejs24.x");
    assert.deepEqual(recycler.architectures, ["arm64"]);
    assert.equal(recycler.timeout, 60);
    assert.equal(inputsOf(run, "queue-events").visibilityTimeoutSeconds, 90);
    assert.deepEqual(recycler.loggingConfig, {
      logFormat: "JSON",
      logGroup: "/aws/lambda/ecs-secret-recycler-dev",
    });
    assert.equal(inputsOf(run, "recycler-log").retentionInDays, 30);
  });

  it("reports partial failures of a batch", () => {
    const mapping = inputsOf(run, "recycler-mapping");

    assert.deepEqual(mapping.functionResponseTypes, ["ReportBatchItemFailures"]);
    assert.equal(mapping.batchSize, 10);
    assert.equal(mapping.enabled, true);
  });

  it("gets the permissions boundary of the settings", async () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/boundary";

    const bounded = await runIndex({ ...settings, permissionsBoundary });

    assert.equal(inputsOf(bounded, "recycler-role").permissionsBoundary, permissionsBoundary);
    assert.equal(inputsOf(run, "recycler-role").permissionsBoundary, undefined);
  });
});
