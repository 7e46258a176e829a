import type { RevisionLocation } from "@aws-sdk/client-codedeploy";
import { notImplemented, ServiceError } from "../errors";

/** What an AppSpec for Amazon ECS asks for. */
export interface AppSpec {
  readonly taskDefinition: string;
  readonly containerName: string;
  readonly containerPort: number;
}

/** Reads the AppSpec of a revision, JSON or the plain YAML that AWS's examples have. */
export function parseAppSpec(revision: RevisionLocation | undefined): AppSpec {
  const content = contentOf(revision);
  const member = (name: string): string => {
    const found = new RegExp(`["']?${name}["']?\\s*:\\s*(?:"([^"]*)"|'([^']*)'|([^\\s,}"']+))`).exec(content);
    const value = found?.[1] ?? found?.[2] ?? found?.[3];
    if (value === undefined)
      throw new ServiceError("InvalidRevisionException", `The AppSpec has no ${name} in its TargetService.`);
    return value;
  };
  if (!/AWS::ECS::Service/.test(content))
    throw new ServiceError(
      "InvalidRevisionException",
      "The AppSpec has no target of type AWS::ECS::Service.",
    );
  return {
    taskDefinition: member("TaskDefinition"),
    containerName: member("ContainerName"),
    containerPort: Number(member("ContainerPort")),
  };
}

function contentOf(revision: RevisionLocation | undefined): string {
  if (!revision) throw new ServiceError("RevisionRequiredException", "A revision must be specified.");
  if (revision.revisionType === "S3" || revision.revisionType === "GitHub")
    throw notImplemented(`codedeploy:CreateDeployment with a revision of type ${revision.revisionType}`);
  const content = revision.appSpecContent?.content ?? revision.string?.content;
  if (content === undefined)
    throw new ServiceError("InvalidRevisionException", "The revision has no content of its AppSpec.");
  return content;
}
