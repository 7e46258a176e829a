/** The tasks that run. Sources: Amazon ECS API Reference, `ListTasks`, `DescribeTasks`, `GetTaskProtection`. */
import type { Task } from "@aws-sdk/client-ecs";
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import { isUnseen, unseenOf, type TaskFacts, type Unseen } from "../facts";
import type { ObserveEnvironment } from "./environment";
import type { RememberedTask } from "./memory";

/** Tasks in one call of DescribeTasks, and of GetTaskProtection, at most. */
const describedPerCall = 100;
const protectionsPerCall = 10;
/** Pages that a list of a cluster's tasks is expected to have before the first one was made. */
const expectedPages = 2;

/** The tasks of these services of a cluster, by service. Every service gets an answer. */
export async function listTasks(
  environment: ObserveEnvironment,
  cluster: string,
  services: readonly string[],
): Promise<ReadonlyMap<string, readonly TaskFacts[] | Unseen>> {
  const { memory } = environment;
  const found = new Map<string, readonly TaskFacts[] | Unseen>();
  const pages = memory.taskPages.get(cluster) ?? expectedPages;
  if (services.length > pages) {
    const all = await tasksOfCluster(environment, cluster, services.length);
    if (all !== undefined) {
      for (const service of services)
        found.set(
          service,
          isUnseen(all) ? all : all.filter(({ group }) => group === `service:${service}`).map(facts),
        );
      return found;
    }
  }
  const listed = await Promise.all(
    services.map(async (service) => ({ service, arns: await listArns(environment, cluster, service) })),
  );
  const arns = listed.flatMap((one) => (Array.isArray(one.arns) ? (one.arns as readonly string[]) : []));
  const described = await describeUnknown(environment, cluster, arns);
  for (const { service, arns: own } of listed) {
    if (isUnseen(own)) found.set(service, own);
    else if (described) found.set(service, described);
    else {
      const known = remember(environment, cluster);
      found.set(
        service,
        own.flatMap((arn) => (known.has(arn) ? [facts({ arn, ...known.get(arn)! })] : [])),
      );
      forget(known, new Set(own), ({ group }) => group === `service:${service}`);
    }
  }
  return found;
}

/** A task with its ARN and group. */
export type ListedTask = RememberedTask & { readonly arn: string };

/** Every task of a cluster; undefined when that takes more than so many pages. */
export async function tasksOfCluster(
  environment: ObserveEnvironment,
  cluster: string,
  maximumPages: number,
): Promise<readonly ListedTask[] | Unseen | undefined> {
  const arns = await listArns(environment, cluster, undefined, maximumPages);
  if (arns === undefined || isUnseen(arns)) return arns;
  const failed = await describeUnknown(environment, cluster, arns);
  if (failed) return failed;
  const known = remember(environment, cluster);
  forget(known, new Set(arns), () => true);
  return arns.flatMap((arn) => (known.has(arn) ? [{ arn, ...known.get(arn)! }] : []));
}

/** Describes tasks again: those that stop are left out, the others get their protection. */
export async function describeAgain(
  environment: ObserveEnvironment,
  cluster: string,
  arns: readonly string[],
): Promise<
  { readonly stopping: ReadonlySet<string>; readonly protectedUntilMs: ReadonlyMap<string, number> } | Unseen
> {
  const { clients, pace } = environment;
  const { DescribeTasksCommand, GetTaskProtectionCommand } = ecsPackage();
  const stopping = new Set(arns);
  const protectedUntilMs = new Map<string, number>();
  try {
    for (const some of chunks(arns, describedPerCall)) {
      const { tasks = [] } = await pace.call(`DescribeTasks of ${cluster}`, () =>
        clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...some] })),
      );
      for (const { taskArn = "", desiredStatus } of tasks)
        if (desiredStatus === "RUNNING") stopping.delete(taskArn);
    }
    for (const some of chunks(
      arns.filter((arn) => !stopping.has(arn)),
      protectionsPerCall,
    )) {
      const { protectedTasks = [] } = await pace.call(`GetTaskProtection of ${cluster}`, () =>
        clients.ecs.send(new GetTaskProtectionCommand({ cluster, tasks: [...some] })),
      );
      for (const { taskArn = "", protectionEnabled, expirationDate } of protectedTasks)
        if (protectionEnabled && expirationDate) protectedUntilMs.set(taskArn, expirationDate.getTime());
    }
    return { stopping, protectedUntilMs };
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

async function listArns(
  environment: ObserveEnvironment,
  cluster: string,
  service: string,
): Promise<readonly string[] | Unseen>;
async function listArns(
  environment: ObserveEnvironment,
  cluster: string,
  service: undefined,
  maximumPages: number,
): Promise<readonly string[] | Unseen | undefined>;
async function listArns(
  { clients, pace, memory }: ObserveEnvironment,
  cluster: string,
  serviceName: string | undefined,
  maximumPages = Infinity,
): Promise<readonly string[] | Unseen | undefined> {
  const { ListTasksCommand } = ecsPackage();
  const arns: string[] = [];
  let pages = 0;
  let nextToken: string | undefined;
  try {
    do {
      if (pages >= maximumPages) {
        memory.taskPages.set(cluster, pages + 1);
        return undefined;
      }
      const page = await pace.call(`ListTasks of ${cluster}`, () =>
        clients.ecs.send(new ListTasksCommand({ cluster, serviceName, maxResults: 100, nextToken })),
      );
      pages++;
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    if (serviceName === undefined) memory.taskPages.set(cluster, pages);
    return arns;
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

/** Describes the tasks that are not remembered yet. Of the answer only times, names and references are kept. */
async function describeUnknown(
  environment: ObserveEnvironment,
  cluster: string,
  arns: readonly string[],
): Promise<Unseen | undefined> {
  const { clients, pace } = environment;
  const { DescribeTasksCommand } = ecsPackage();
  const known = remember(environment, cluster);
  // A task without a creation time has not started: it gets one.
  const unknown = arns.filter((arn) => known.get(arn)?.createdAtMs === undefined);
  const answers = await Promise.all(
    chunks(unknown, describedPerCall).map(async (some) => {
      try {
        const { tasks = [] } = await pace.call(`DescribeTasks of ${cluster}`, () =>
          clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...some] })),
        );
        for (const task of tasks) keep(known, task);
        return undefined;
      } catch (error) {
        return unseenOf(caughtFault(error));
      }
    }),
  );
  return answers.find((failed) => failed !== undefined);
}

function keep(known: Map<string, RememberedTask>, task: Task): void {
  const { taskArn, taskDefinitionArn = "", createdAt, startedBy, group = "", desiredStatus } = task;
  if (taskArn === undefined || desiredStatus === "STOPPED") return;
  known.set(taskArn, { createdAtMs: createdAt?.getTime(), definition: taskDefinitionArn, startedBy, group });
}

function remember({ memory }: ObserveEnvironment, cluster: string): Map<string, RememberedTask> {
  const known = memory.tasks.get(cluster);
  if (known) return known;
  const made = new Map<string, RememberedTask>();
  memory.tasks.set(cluster, made);
  return made;
}

/** Forgets the tasks that are no longer listed. */
function forget(
  known: Map<string, RememberedTask>,
  listed: ReadonlySet<string>,
  concerns: (task: RememberedTask) => boolean,
): void {
  for (const [arn, task] of known) if (!listed.has(arn) && concerns(task)) known.delete(arn);
}

function facts({ arn, createdAtMs, definition, startedBy }: ListedTask): TaskFacts {
  return { arn, createdAtMs, definition, startedBy };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const groups: Item[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
