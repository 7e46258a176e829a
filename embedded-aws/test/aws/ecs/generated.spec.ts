import { strict as assert } from "node:assert";
import { CreateClusterCommand, DescribeServiceDeploymentsCommand } from "@aws-sdk/client-ecs";
import type { Random } from "../../../aws/random";
import { container, fleet } from "../../support/ecs";
import { generatedCalls } from "../../support/generated-calls";

const names: Readonly<Record<string, readonly string[]>> = {
  cluster: ["shop", "shop", "default", "arn:aws:ecs:us-west-2:123456789012:cluster/shop"],
  clusters: ["shop", "other"],
  clusterName: ["shop", "other"],
  service: ["api", "web", "worker"],
  services: ["api", "web", "arn:aws:ecs:us-west-2:123456789012:service/shop/api"],
  serviceName: ["api", "web", "worker"],
  family: ["api", "web"],
  taskDefinition: ["api", "api:1", "web"],
  resourceArn: [
    "arn:aws:ecs:us-west-2:123456789012:cluster/shop",
    "arn:aws:ecs:us-west-2:123456789012:service/shop/api",
    "arn:aws:ecs:us-west-2:123456789012:task-definition/api:1",
  ],
  launchType: ["EC2", "FARGATE"],
  schedulingStrategy: ["REPLICA", "DAEMON"],
  strategy: ["ROLLING", "BLUE_GREEN"],
  include: ["TAGS"],
  status: ["ACTIVE", "SUCCESSFUL"],
  desiredStatus: ["RUNNING", "STOPPED"],
  networkMode: ["bridge"],
  capacityProviders: ["FARGATE"],
  executionRoleArn: ["arn:aws:iam::123456789012:role/shop-execution"],
  name: ["app"],
  image: ["shop/api:1"],
};

describe("ECS and input drawn from its own schemas", () => {
  it("answers what the model allows or refuses with an error of the service, never anything else", async () => {
    const f = await fleet({ settings: { deregistrationDelayMs: 50 } });
    await f.create();
    const live: Record<string, string[]> = {};
    /** The newest pause of a service that waits before each deployment. */
    const paused: { serviceDeploymentArn?: string; hookId?: string } = {};
    const stopped: { serviceDeploymentArn?: string } = {};
    /** What an earlier call deleted is made again, and what has no fixed name is looked up. */
    const refresh = async (): Promise<void> => {
      await f.clock.runUntil(f.clock.now() + 200);
      for (const clusterName of ["shop", "other"])
        await f.client.send(new CreateClusterCommand({ clusterName }));
      const service = await f.describe();
      if (service?.status !== "ACTIVE") {
        await f.clock.runUntil(f.clock.now() + 120_000);
        await f.create({ desiredCount: 1 });
      }
      const ext = await f.describe("ext");
      if (ext?.status !== "ACTIVE")
        await f.create({ serviceName: "ext", desiredCount: 1, deploymentController: { type: "EXTERNAL" } });
      const sets = ((await f.describe("ext")).taskSets ?? []).map((set) => set.id!);
      live.taskSet = live.primaryTaskSet = sets;
      if ((await f.describe("paused"))?.status === "ACTIVE") {
        if ((await f.attempts("paused"))[0]!.finishedAt) {
          await f.force("paused");
          await f.clock.runUntil(f.clock.now() + 200);
        }
        const [attempt] = await f.attempts("paused");
        const serviceDeploymentArns = [attempt!.serviceDeploymentArn!];
        const { serviceDeployments } = await f.client.send(
          new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }),
        );
        const hookId = serviceDeployments![0]!.lifecycleHookDetails!.at(-1)?.hookId;
        Object.assign(paused, { serviceDeploymentArn: serviceDeploymentArns[0], hookId });
        Object.assign(stopped, { serviceDeploymentArn: serviceDeploymentArns[0] });
      }
      const { currentServiceRevisions } = await f.describe();
      live.serviceRevisionArns = (currentServiceRevisions ?? []).map(({ arn }) => arn!);
      live.task = live.tasks = f.ecs.runningTasks().map((t) => t.taskArn);
      live.serviceDeploymentArn = live.serviceDeploymentArns = [
        (await f.attempts())[0]!.serviceDeploymentArn!,
      ];
    };

    await f.create({
      serviceName: "paused",
      desiredCount: 0,
      deploymentConfiguration: {
        lifecycleHooks: [{ targetType: "PAUSE", lifecycleStages: ["PRE_SCALE_UP"] }],
      },
    });
    const ext = { cluster: "shop", service: "ext" };
    await refresh();

    const calls = await generatedCalls(f.world, "ecs", {
      seed: "generated-ecs",
      perOperation: 24,
      fitting: {
        RegisterTaskDefinition: {
          family: "web",
          containerDefinitions: [container()],
          executionRoleArn: "arn:aws:iam::123456789012:role/shop-execution",
          requiresCompatibilities: undefined,
        },
        CreateService: { cluster: "shop", serviceName: "web", taskDefinition: "api", desiredCount: 1 },
        UpdateService: { cluster: "shop", service: "api", desiredCount: 2, loadBalancers: undefined },
        StopTask: { cluster: "shop" },
        UpdateTaskProtection: { cluster: "shop", expiresInMinutes: undefined },
        GetTaskProtection: { cluster: "shop" },
        ContinueServiceDeployment: paused,
        StopServiceDeployment: stopped,
        DeleteService: { cluster: "shop", service: "api", force: true },
        DeleteCluster: { cluster: "other" },
        ListServiceDeployments: { cluster: "shop", service: "api", status: undefined },
        CreateTaskSet: { ...ext, taskDefinition: "api", scale: { value: 50, unit: "PERCENT" } },
        DescribeTaskSets: { ...ext, include: undefined },
        UpdateServicePrimaryTaskSet: ext,
        DeleteTaskSet: { ...ext, force: true },
        RunTask: { cluster: "shop", taskDefinition: "api", count: 2 },
      },
      codes: /^(AccessDeniedException|SerializationException|ValidationException|NotImplemented)$/,
      generate: {
        optional: 0.12,
        depth: 4,
        broken: 0.03,
        text: (member: string, random: Random) => {
          const known = live[member]?.length ? live[member] : names[member];
          return known && random.chance(0.9) ? random.pick(known) : undefined;
        },
      },
      between: refresh,
    });

    assert.deepEqual(calls.mistakes, []);
    const operations = Object.keys(f.ecs.operations);
    assert.deepEqual(
      operations.filter((o) => !calls.answered.has(o)),
      [],
      "every operation answers at least once",
    );
  });
});
