import type { TaskDefinition } from "@aws-sdk/client-ecs";
import { references } from "../../aws-semantics/references";
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import { unseenOf, type Unseen } from "../facts";
import { foundReads } from "../readers";
import type { ObserveEnvironment } from "./environment";
import type { RememberedDefinition } from "./memory";

/**
 * What a revision of a task definition refers to; described once in the life of the container, because a revision never
 * changes. Only references are kept: the answer holds plain environments too.
 */
export async function describeTaskDefinition(
  environment: ObserveEnvironment,
  taskDefinition: string,
): Promise<RememberedDefinition | Unseen> {
  const { memory, clients, pace, home } = environment;
  const known = memory.definitions.get(taskDefinition);
  if (known) return known;
  const { DescribeTaskDefinitionCommand } = ecsPackage();
  try {
    const answer = await pace.call(`DescribeTaskDefinition ${taskDefinition}`, () =>
      clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    );
    const found: TaskDefinition = answer.taskDefinition ?? {};
    const described = { reads: foundReads(references(found, home)), mutableImage: hasMutableImage(found) };
    memory.definitions.set(taskDefinition, described);
    return described;
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

/** The tag of an image without a digest may point to another image when the next task starts. */
function hasMutableImage(taskDefinition: TaskDefinition): boolean {
  return (taskDefinition.containerDefinitions ?? []).some(
    ({ image }) => image !== undefined && !/@sha256:[0-9a-f]{64}$/.test(image),
  );
}
