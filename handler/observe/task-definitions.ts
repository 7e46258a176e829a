import type { TaskDefinition } from "@aws-sdk/client-ecs";
import { references } from "../../aws-semantics/references";
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import type { RememberedRevision } from "../memory";
import type { Unseen } from "../decision";
import { foundReads } from "../readers";
import type { ObserveEnvironment } from "./environment";
import { unseenOf } from "./services";

/** What a revision refers to; described once in the life of the container, because a revision never changes. */
export async function describeRevision(
  environment: ObserveEnvironment,
  taskDefinition: string,
): Promise<RememberedRevision | Unseen> {
  const { memory, clients, pace, home } = environment;
  const known = memory.revisions.get(taskDefinition);
  if (known) return known;
  const { DescribeTaskDefinitionCommand } = ecsPackage();
  try {
    const answer = await pace.call(`DescribeTaskDefinition ${taskDefinition}`, () =>
      clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    );
    const found: TaskDefinition = answer.taskDefinition ?? {};
    const revision = { reads: foundReads(references(found, home)), mutableImage: hasMutableImage(found) };
    memory.revisions.set(taskDefinition, revision);
    return revision;
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
