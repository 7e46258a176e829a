import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { builtinModules } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { zipSync } from "fflate";
import { createRecycler } from "../../handler";
import {
  batchOf,
  canonical,
  context,
  secretArn,
  secretName,
  questionContext,
  settingsWith,
  start,
  versionId,
} from "./fake-aws";

/** All that the archive may ask of the Lambda runtime. */
const golden = [
  "@aws-sdk/client-ecs",
  "@aws-sdk/client-secrets-manager",
  "@aws-sdk/client-sqs",
  "@aws-sdk/client-ssm",
];
const maximumBytes = 40 * 1024;
const root = join(__dirname, "..", "..");

/** The text that `aws.lambda.CallbackFunction` puts into its archive; a captured secret is refused here. */
async function archiveText(): Promise<string> {
  const settings = settingsWith([{ service: "api", secrets: [secretName], parameters: ["/a"] }]);
  const serialized = await pulumi.runtime.serializeFunction(
    () => {
      const recycle = createRecycler(settings);
      return async (event: unknown, lambda: typeof context) => recycle(event, lambda);
    },
    { isFactoryFunction: true, exportName: "handler" },
  );
  assert.equal(serialized.containsSecrets, false);
  return serialized.text;
}

/** Answers of one stale service, by operation; times are seconds since the epoch on this protocol. */
function answersAt(url: () => string): Record<string, () => object> {
  const movedAt = start / 1000;
  const forced: object[] = [];
  return {
    GetQueueUrl: () => ({ QueueUrl: `${url()}/123456789012/queue` }),
    GetQueueAttributes: () => ({ Attributes: { CreatedTimestamp: String(movedAt - 86_400) } }),
    DescribeServices: () => ({
      services: [
        {
          serviceName: "api",
          status: "ACTIVE",
          desiredCount: 1,
          runningCount: 1,
          taskDefinition: "api:1",
          deployments: [
            {
              id: "ecs-svc/1",
              status: "PRIMARY",
              createdAt: movedAt - 3600,
              desiredCount: 1,
              runningCount: 1,
            },
          ],
        },
      ],
    }),
    DescribeTaskDefinition: () => ({
      taskDefinition: {
        containerDefinitions: [
          { name: "api", secrets: [secretArn, "/a"].map((valueFrom) => ({ name: "VALUE", valueFrom })) },
        ],
      },
    }),
    ListTasks: () => ({ taskArns: ["task-1"] }),
    DescribeTasks: () => ({
      tasks: [
        {
          taskArn: "task-1",
          taskDefinitionArn: "api:1",
          group: "service:api",
          startedBy: "ecs-svc/1",
          createdAt: movedAt - 3600,
          desiredStatus: "RUNNING",
        },
      ],
    }),
    DescribeSecret: () => ({
      ARN: secretArn,
      LastChangedDate: movedAt,
      VersionIdsToStages: { [versionId]: ["AWSCURRENT"] },
    }),
    ListSecretVersionIds: () => ({
      Versions: [{ VersionId: versionId, VersionStages: ["AWSCURRENT"], CreatedDate: movedAt }],
    }),
    DescribeParameters: () => ({ Parameters: [{ Name: "/a", LastModifiedDate: movedAt - 7200 }] }),
    ListServiceDeployments: () => ({ serviceDeployments: forced }),
    UpdateService: () => {
      forced.push({ createdAt: movedAt + 60, status: "IN_PROGRESS" });
      return { service: { deployments: [{ status: "PRIMARY", createdAt: movedAt + 60 }] } };
    },
  };
}

describe("the recycler's archive", () => {
  let folder: string;
  let server: Server;
  let url: string;
  let text: string;
  const calls: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "recycler-archive-"));
    text = await archiveText();
    writeFileSync(join(folder, "__index.js"), text);
    const layer = join(folder, "layer");
    mkdirSync(layer);
    for (const scope of ["@aws-sdk", "@smithy"])
      symlinkSync(join(root, "node_modules", scope), join(layer, scope));
    const answers = answersAt(() => url);
    server = createServer((request, response) => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      calls.push(operation);
      request.resume();
      const known = answers[operation];
      response.writeHead(known ? 200 : 501, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(known?.() ?? { __type: "NotImplemented" }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the archive on events, one after the other, in a process that can resolve the layer and nothing else. */
  async function runBare(...events: unknown[]): Promise<{ lines: string[]; answers: unknown[] }> {
    const script = `
      const { handler } = require("./__index.js");
      const context = ${JSON.stringify(context)};
      (async () => {
        const answers = [];
        const asked = ${JSON.stringify(questionContext)};
        for (const event of ${JSON.stringify(events)})
          answers.push(await handler(event, "ask" in event ? asked : context));
        process.stdout.write("ANSWERS " + JSON.stringify(answers) + "\\n");
      })();`;
    writeFileSync(join(folder, "run.js"), script);
    const { stdout } = await promisify(execFile)(process.execPath, ["run.js"], {
      cwd: folder,
      env: {
        NODE_PATH: join(folder, "layer"),
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "example",
        AWS_ENDPOINT_URL: url,
        AWS_EC2_METADATA_DISABLED: "true",
      },
    });
    const all = stdout.trim().split("\n");
    const last = all.pop() ?? "";
    assert.match(last, /^ANSWERS /, stdout);
    return { lines: all, answers: JSON.parse(last.slice("ANSWERS ".length)) as unknown[] };
  }

  it("is at most 40 KB", () => {
    const archive = zipSync({ "__index.js": Buffer.from(text) }, { level: 6 });

    assert.ok(archive.length <= maximumBytes, `${archive.length} bytes, wanted at most ${maximumBytes}`);
  });

  it("requires the clients of its four services and builtins, nothing else", () => {
    const required = [...text.matchAll(/\brequire\(\s*["']([^"']+)["']\s*\)/g)].map(([, name]) => name ?? "");

    const packages = [...new Set(required)].filter(
      (name) => !builtinModules.includes(name.replace(/^node:/, "")),
    );

    assert.deepEqual(packages.sort(), golden);
    assert.doesNotMatch(text, /\bimport\(/);
  });

  it("answers in a bare process: a message that is no event, an event of a move, the sweep, the status", async () => {
    const { lines, answers } = await runBare(
      batchOf("no event"),
      batchOf(canonical("put-secret-value-by-arn")),
      batchOf(canonical("sweep")),
      { ask: "status" },
    );

    assert.deepEqual(answers.slice(0, 3), Array(3).fill({ batchItemFailures: [] }));
    assert.equal((answers[3] as { services: { service: string }[] }).services[0]?.service, "api");
    const decisions = lines
      .map((line) => JSON.parse(line) as { decision?: string; _aws?: object })
      .flatMap(({ decision }) => decision ?? []);
    // DescribeServices and ListTasks go on showing the old task; the service's deployments show the new one.
    assert.deepEqual(decisions, ["recycle", "rolling-out", "rolling-out"]);
    assert.equal(calls.filter((operation) => operation === "UpdateService").length, 1);
    assert.deepEqual([...new Set(calls)].sort(), Object.keys(answersAt(() => url)).sort());
  });

  it("refuses a captured secret", async () => {
    const secret = pulumi.secret("hunter2");

    await assert.rejects(
      pulumi.runtime.serializeFunction(() => () => secret.get(), {
        isFactoryFunction: true,
        exportName: "handler",
      }),
      /secret/i,
    );
  });
});
