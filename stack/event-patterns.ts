import { localArn, type Place } from "../aws-semantics/arn";

/** An event pattern of Amazon EventBridge, as an object. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** Amazon EventBridge quotas: characters of an event pattern. */
export const MAX_PATTERN_LENGTH = 2048;

/** Leaves out calls that failed: CloudTrail gives those an `errorCode`, and they changed nothing. */
const succeeded = [{ exists: false }];

/**
 * Everything that says a secret's value may have moved, in one rule: the event of Secrets Manager itself (no trail
 * needed), the API calls and the service events that come by CloudTrail. Service events name the secret only in
 * `additionalEventData`, so nothing is filtered by secret here: the recycler knows what is covered.
 */
export function secretsPattern(): EventPattern {
  const eventSource = ["secretsmanager.amazonaws.com"];
  return {
    source: ["aws.secretsmanager"],
    $or: [
      { "detail-type": ["Secret Label Updated"] },
      {
        "detail-type": ["AWS API Call via CloudTrail"],
        detail: {
          eventSource,
          eventName: ["PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "CreateSecret"],
          errorCode: succeeded,
        },
      },
      {
        "detail-type": ["AWS Service Event via CloudTrail"],
        detail: { eventSource, eventName: ["RotationSucceeded", "RotationStarted", "RotationFailed"] },
      },
    ],
  };
}

/**
 * Values of parameters that moved. A label moves no value; after a deletion new tasks could not start, so nothing
 * is restarted; `exception` marks a failed validation of an image id.
 */
export function parametersPattern(): EventPattern {
  return {
    source: ["aws.ssm"],
    "detail-type": ["Parameter Store Change"],
    detail: { operation: ["Create", "Update"], exception: [{ exists: false }] },
  };
}

/**
 * Deployments that ended: what was blocked by one can go on. Limited to the covered clusters as long as the pattern
 * has room for their names; the recycler ignores the others without a call.
 */
export function deploymentsPattern(place: Place, clusters: readonly string[]): EventPattern {
  const pattern = (resources: object) => ({
    $or: [
      {
        source: ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        detail: { eventName: ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"] },
        ...resources,
      },
      {
        source: ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
        detail: { state: ["SUCCESS", "FAILURE", "STOP"] },
      },
    ],
  });
  const limited = pattern({
    resources: clusters.map((cluster) => ({ prefix: localArn(place, "ecs", `service/${cluster}/`) })),
  });
  return JSON.stringify(limited).length <= MAX_PATTERN_LENGTH ? limited : pattern({});
}
