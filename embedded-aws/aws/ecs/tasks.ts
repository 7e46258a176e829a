import type * as sdk from "@aws-sdk/client-ecs";
import { operation, type Call, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter } from "./errors";
import { answersFor, page } from "./pages";
import { isProtected } from "./placement";
import { tasksOf, type TaskRecord } from "./state";
import { stoppedShownMs } from "./task-runner";
import { checkInput, checkTags } from "./validation";
import { protectionView, taskView } from "./views";

/** Tasks: list, describe, protect, run, stop. */
export function taskOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world, runner, random, settings, scheduler } = context;

  /** What earlier RunTask calls started, by client token: the same call again starts nothing. */
  const runs = new Map<string, TaskRecord[]>();

  const onTasks = (input: { cluster?: string; tasks?: string[] }) =>
    (input.tasks ?? ["*"]).map((task) => ({
      resource: registry.taskArn(input.cluster, task),
      context: { "ecs:cluster": registry.clusterArn(input.cluster) },
    }));

  /** What is found of the tasks that are asked for, as long as ECS shows them. */
  const eachTask = <View extends object>(
    input: { cluster?: string; tasks?: string[] },
    limit: number,
    view: (task: TaskRecord) => View | string,
  ): { found: View[]; failures: sdk.Failure[] } => {
    const asked = input.tasks ?? [];
    if (asked.length === 0) throw invalidParameter("Tasks cannot be empty.");
    if (asked.length > limit) throw invalidParameter(`Tasks cannot contain more than ${limit} elements.`);
    const cluster = registry.cluster(input.cluster);
    return answersFor(
      asked,
      (reference) => registry.taskArn(input.cluster, reference),
      (reference) => {
        const task = registry.findTask(cluster, reference);
        const gone = task?.stoppedAt !== undefined && task.stoppedAt <= world.clock.now() - stoppedShownMs;
        return task && !gone ? view(task) : undefined;
      },
    );
  };

  /** The tasks that an eventually consistent list tells of: those of this moment, or of one just past. */
  const listTime = (call: Call): number => {
    const { share, low, high } = settings.listLagMs;
    return share > 0 && random.chance(share) ? call.time - random.integer(low, high) : world.readTime(call);
  };

  /** Why a task cannot be protected (Amazon ECS API failure reasons). */
  const unprotectable = ({ service, desiredStatus, protectedUntil }: TaskRecord): string | undefined => {
    if (!service || desiredStatus === "STOPPED") return "TASK_NOT_VALID";
    const now = world.clock.now();
    const others = tasksOf(service).filter((t) => isProtected(context, t)).length;
    const blocked = (protectedUntil ?? 0) <= now && others >= service.desiredCount;
    return blocked ? "DEPLOYMENT_BLOCKED" : undefined;
  };

  return {
    ListTasks: operation<sdk.ListTasksRequest, sdk.ListTasksResponse>({
      access: "read",
      authorize: (input) => ({
        // Of a whole cluster it is asked on "*": only the condition narrows it.
        resource: registry.containerInstanceArn(input.cluster, input.containerInstance),
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input, call) => {
        checkInput(input);
        const cluster = registry.cluster(input.cluster);
        const time = listTime(call);
        if (input.serviceName !== undefined) registry.service(cluster, input.serviceName);
        const service = input.serviceName && registry.findService(cluster, input.serviceName);
        const desired = input.desiredStatus ?? "RUNNING";
        const arns = [...cluster.tasks.values()]
          // "PENDING" is allowed and finds nothing: ECS never sets that desired status.
          .filter(
            (t) =>
              t.createdAt <= time && desired === ((t.stoppingAt ?? Infinity) <= time ? "STOPPED" : "RUNNING"),
          )
          .filter((t) => t.stoppedAt === undefined || t.stoppedAt > world.clock.now() - stoppedShownMs)
          .filter((t) => !service || t.service === service)
          .filter((t) => input.family === undefined || t.definition.definition.family === input.family)
          .filter((t) => input.startedBy === undefined || t.startedBy === input.startedBy)
          .filter((t) => input.launchType === undefined || t.launchType === input.launchType)
          .filter(() => input.containerInstance === undefined)
          .map((t) => t.arn)
          .sort();
        const sizes = { fallback: 100, limit: 100, sorted: true };
        const { items, nextToken } = page(arns, input, sizes, (arn) => arn);
        return { taskArns: items, nextToken };
      },
    }),

    DescribeTasks: operation<sdk.DescribeTasksRequest, sdk.DescribeTasksResponse>({
      access: "read",
      authorize: onTasks,
      handle: (input) => {
        checkInput(input);
        for (const field of input.include ?? [])
          if (field !== "TAGS") throw invalidParameter("Invalid include: expected TAGS.");
        const { found, failures } = eachTask(input, 100, (t) => taskView(t, input.include?.includes("TAGS")));
        return { tasks: found, failures };
      },
    }),

    GetTaskProtection: operation<sdk.GetTaskProtectionRequest, sdk.GetTaskProtectionResponse>({
      access: "read",
      authorize: onTasks,
      handle: (input) => {
        const { found, failures } = eachTask(input, 100, (task) =>
          task.service ? protectionView(task, world.clock.now()) : "TASK_NOT_VALID",
        );
        return { protectedTasks: found, failures };
      },
    }),

    UpdateTaskProtection: operation<sdk.UpdateTaskProtectionRequest, sdk.UpdateTaskProtectionResponse>({
      access: "write",
      authorize: onTasks,
      handle: (input, { time }) => {
        checkInput(input);
        const forMs = (input.expiresInMinutes ?? 120) * 60_000;
        const { found, failures } = eachTask(input, 10, (task) => {
          const refused = input.protectionEnabled ? unprotectable(task) : undefined;
          if (refused !== undefined || !task.service) return refused ?? "TASK_NOT_VALID";
          task.protectedUntil = input.protectionEnabled ? time + forMs : undefined;
          scheduler.wake(task.service, input.protectionEnabled ? forMs : undefined);
          return protectionView(task, time);
        });
        return { protectedTasks: found, failures };
      },
    }),

    RunTask: operation<sdk.RunTaskRequest, sdk.RunTaskResponse>({
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
        const token = input.clientToken && `${cluster.name} ${input.clientToken}`;
        const started = runs.get(token ?? "") ?? [];
        if (token) runs.set(token, started);
        while (started.length < count) {
          const task = runner.start({
            cluster,
            definition,
            group: input.group,
            startedBy: input.startedBy,
            launchType: input.launchType ?? "EC2",
          });
          task.tags.push(...(input.tags ?? []));
          started.push(task);
        }
        return { tasks: started.map((task) => taskView(task, true)), failures: [] };
      },
    }),

    StopTask: operation<sdk.StopTaskRequest, sdk.StopTaskResponse>({
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
