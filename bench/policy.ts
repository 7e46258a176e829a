import { spawn } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { PolicyResource } from "@pulumi/policy";
import { runCommand } from "../demo/command";
import { InputOfRun, check, packConfig, policies } from "../policy-pack/pack";
import { rulePattern } from "../events/patterns";

/** From starting the process to the port that the engine waits for. */
function startMs(): Promise<number> {
  const pack = join(__dirname, "..", "policy-pack");
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(
      process.execPath,
      [require.resolve("@pulumi/pulumi/cmd/run-policy-pack"), "127.0.0.1:1", pack],
      { cwd: pack, stdio: ["ignore", "pipe", "pipe"] },
    );
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.once("data", () => {
      const elapsed = performance.now() - started;
      child.removeAllListeners("exit");
      child.once("exit", () => resolve(elapsed));
      child.kill();
    });
    child.once("exit", (code) =>
      reject(new Error(`the policy pack ended with ${code} before it answered: ${errors}`)),
    );
  });
}

/** A stack of 10 resources a service, and one recycler that covers nine tenths of them. */
function largeStack(services: number): PolicyResource[] {
  const all = new Map<string, PolicyResource>();
  const add = (
    type: string,
    name: string,
    props: object,
    dependencies: Record<string, PolicyResource[]> = {},
    parent?: PolicyResource,
  ): PolicyResource => {
    const urn = `urn:pulumi:bench::bench::${type}::${name}`;
    const resource = {
      urn,
      type,
      name,
      props,
      parent,
      opts: {} as PolicyResource["opts"],
      dependencies: Object.values(dependencies).flat(),
      propertyDependencies: dependencies,
      isType: () => false,
      asType: () => undefined,
    } as PolicyResource;
    all.set(urn, resource);
    return resource;
  };
  const place = "eu-west-1:123456789012";
  const cluster = add("aws:ecs/cluster:Cluster", "shop", {
    name: "shop",
    arn: `arn:aws:ecs:${place}:cluster/shop`,
  });
  const queue = add("aws:sqs/queue:Queue", "queue", { name: "q.fifo", redrivePolicy: "{}" });
  const recycler = add("ecs-secret-recycler:index:Recycler", "recycler", {
    mode: "recycle",
    region: "eu-west-1",
    account: "123456789012",
    coverage: Array.from({ length: services }, (_, index) => index)
      .filter((index) => index % 10 !== 0)
      .map((index) => ({
        cluster: "shop",
        service: `s${index}`,
        exclude: [],
        secrets: [],
        parameters: [],
        wave: 0,
      })),
  });
  const lambda = add("aws:lambda/function:Function", "recycler", { name: "recycler" }, {}, recycler);
  add(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "recycler",
    { enabled: true },
    { functionName: [lambda], eventSourceArn: [queue] },
  );
  for (const [name, pattern] of Object.entries({
    secrets: rulePattern("secrets"),
    parameters: rulePattern("parameters"),
  })) {
    const rule = add("aws:cloudwatch/eventRule:EventRule", name, {
      name,
      state: "ENABLED",
      eventPattern: JSON.stringify(pattern),
    });
    add("aws:cloudwatch/eventTarget:EventTarget", name, { rule: name }, { rule: [rule], arn: [queue] });
  }
  for (let index = 0; index < services; index++) {
    const name = `s${index}`;
    const arn = `arn:aws:secretsmanager:${place}:secret:${name}-AbCdEf`;
    const secret = add("aws:secretsmanager/secret:Secret", name, { name, arn });
    add(
      "aws:secretsmanager/secretVersion:SecretVersion",
      name,
      { secretString: `value ${index}` },
      { secretId: [secret] },
    );
    const role = add("aws:iam/role:Role", name, { name, arn: `arn:aws:iam::123456789012:role/${name}` });
    const policy = JSON.stringify({
      Statement: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: arn }],
    });
    add("aws:iam/rolePolicy:RolePolicy", name, { role: name, policy }, { role: [role] });
    add("aws:cloudwatch/logGroup:LogGroup", name, { name: `/shop/${name}` });
    add("aws:ec2/securityGroup:SecurityGroup", name, { name });
    add("aws:lb/targetGroup:TargetGroup", name, { name });
    add("aws:lb/listenerRule:ListenerRule", name, { priority: index });
    const definition = add(
      "aws:ecs/taskDefinition:TaskDefinition",
      name,
      {
        family: name,
        executionRoleArn: role.props.arn as unknown,
        containerDefinitions: JSON.stringify([
          { name: "app", image: "a:1", secrets: [{ name: "S", valueFrom: arn }] },
        ]),
      },
      { executionRoleArn: [role], containerDefinitions: [secret] },
    );
    add(
      "aws:ecs/service:Service",
      name,
      { name, cluster: "shop", desiredCount: 2, taskDefinition: name },
      { cluster: [cluster], taskDefinition: [definition] },
    );
  }
  return [...all.values()];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

runCommand({
  usage: `npm run bench:policy [-- --json]

Measures how long the policy pack takes over a large stack, and to start:
medians of five runs.

  --json  print one JSON object: resources, policies, checkMs, startMs
`,
  options: { json: { type: "boolean", default: false } },
  async run({ json }) {
    const resources = largeStack(1_000);
    const checks: number[] = [];
    let violations = 0;
    for (let run = 0; run < 5; run++) {
      const started = performance.now();
      const input = new InputOfRun();
      violations = policies
        .map((policy, index) =>
          check(policy, () => input.of(policy, resources, index === 0 ? packConfig() : undefined)),
        )
        .flat().length;
      checks.push(performance.now() - started);
    }
    // Every tenth service is not covered: a pack that found nothing would be fast and useless.
    if (violations < 100)
      throw new Error(`the pack found ${violations} violations in the large stack, expected at least 100`);
    const starts: number[] = [];
    for (let run = 0; run < 5; run++) starts.push(await startMs());
    const result = {
      resources: resources.length,
      policies: policies.length,
      checkMs: Math.round(median(checks)),
      startMs: Math.round(median(starts)),
    };
    if (json) console.log(JSON.stringify(result));
    else
      console.log(
        `${result.policies} policies over ${result.resources} resources: ${result.checkMs} ms; start of the pack: ${result.startMs} ms`,
      );
    return 0;
  },
});
