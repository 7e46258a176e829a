import type {
  DescribeTasksRequest,
  DescribeTasksResponse,
  Failure,
  ListTasksRequest,
  ListTasksResponse,
  RunTaskRequest,
  RunTaskResponse,
  StopTaskRequest,
  StopTaskResponse,
  Task,
} from "@aws-sdk/client-ecs";
import { operation, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter } from "./errors";
import { page } from "./pages";
import { stoppedShownMs } from "./task-runner";
import { checkInput, checkTags } from "./validation";
import { taskView } from "./views";

/** Tasks: list, describe, run, stop. */
export function taskOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world, runner } = context;

  return {
    ListTasks: operation<ListTasksRequest, ListTasksResponse>({
      access: "read",
      authorize: (input) => ({
        resource: input.containerInstance?.startsWith("arn:") ? input.containerInstance : "*",
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        const cluster = registry.cluster(input.cluster);
        if (input.serviceName !== undefined) registry.service(cluster, input.serviceName);
        const service = input.serviceName && registry.findService(cluster, input.serviceName);
        const desired = input.desiredStatus ?? "RUNNING";
        const arns = [...cluster.tasks.values()]
          // "PENDING" is allowed and finds nothing: ECS never sets that desired status.
          .filter((t) => t.desiredStatus === desired)
          .filter((t) => t.stoppedAt === undefined || t.stoppedAt > world.clock.now() - stoppedShownMs)
          .filter((t) => !service || t.service === service)
          .filter((t) => input.family === undefined || t.definition.definition.family === input.family)
          .filter((t) => input.startedBy === undefined || t.startedBy === input.startedBy)
          .filter((t) => input.launchType === undefined || t.launchType === input.launchType)
          .filter(() => input.containerInstance === undefined)
          .map((t) => t.arn);
        const { items, nextToken } = page(arns, input, { fallback: 100, limit: 100 }, (arn) => arn);
        return { taskArns: items, nextToken };
      },
    }),

    DescribeTasks: operation<DescribeTasksRequest, DescribeTasksResponse>({
      access: "read",
      authorize: (input) =>
        (input.tasks ?? []).map((task) => ({
          resource: registry.taskArn(input.cluster, task),
          context: { "ecs:cluster": registry.clusterArn(input.cluster) },
        })),
      handle: (input) => {
        checkInput(input);
        const asked = input.tasks ?? [];
        if (asked.length === 0) throw invalidParameter("Tasks cannot be empty.");
        if (asked.length > 100) throw invalidParameter("Tasks cannot contain more than 100 elements.");
        for (const field of input.include ?? [])
          if (field !== "TAGS") throw invalidParameter("Invalid include: expected TAGS.");
        const cluster = registry.cluster(input.cluster);
        const tasks: Task[] = [];
        const failures: Failure[] = [];
        for (const reference of new Set(asked)) {
          const task = registry.findTask(cluster, reference);
          const gone = task?.stoppedAt !== undefined && task.stoppedAt <= world.clock.now() - stoppedShownMs;
          if (task && !gone) tasks.push(taskView(task, input.include?.includes("TAGS")));
          else failures.push({ arn: registry.taskArn(input.cluster, reference), reason: "MISSING" });
        }
        return { tasks, failures };
      },
    }),

    RunTask: operation<RunTaskRequest, RunTaskResponse>({
      access: "write",
      authorize: (input) => ({
        resource: registry.taskDefinitionArn(input.taskDefinition),
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        checkTags(input.tags);
        const cluster = registry.cluster(input.cluster);
        const count = input.count ?? 1;
        if (!Number.isInteger(count) || count < 1 || count > 10)
          throw invalidParameter("count must be a whole number between 1 and 10.");
        const definition = registry.activeTaskDefinition(input.taskDefinition!);
        const tasks: Task[] = [];
        for (let i = 0; i < count; i++) {
          const task = runner.start({
            cluster,
            definition,
            group: input.group,
            startedBy: input.startedBy,
            launchType: input.launchType ?? "EC2",
          });
          task.tags.push(...(input.tags ?? []));
          tasks.push(taskView(task, true));
        }
        return { tasks, failures: [] };
      },
    }),

    StopTask: operation<StopTaskRequest, StopTaskResponse>({
      access: "write",
      authorize: (input) => ({
        resource: registry.taskArn(input.cluster, input.task),
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        const task = registry.task(registry.cluster(input.cluster), input.task!);
        runner.stop(task, input.reason ?? "Task stopped by user", "UserInitiated");
        return { task: taskView(task) };
      },
    }),
  };
}
