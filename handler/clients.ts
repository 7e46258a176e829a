import type { ECSClient } from "@aws-sdk/client-ecs";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { SQSClient } from "@aws-sdk/client-sqs";

/** The clients of the recycler. They must not retry by themselves: a forced deployment tried twice is two. */
export interface Clients {
  readonly ecs: ECSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
}

// The packages are in the Lambda runtime and not in the archive: a `require` inside a function is left as it
// stands when Pulumi serialises the callback, an import at the top is not.
/* eslint-disable @typescript-eslint/no-require-imports */

/** The package of Amazon ECS. */
export function ecsPackage(): typeof import("@aws-sdk/client-ecs") {
  return require("@aws-sdk/client-ecs") as typeof import("@aws-sdk/client-ecs");
}

/** The package of Secrets Manager. */
export function secretsManagerPackage(): typeof import("@aws-sdk/client-secrets-manager") {
  return require("@aws-sdk/client-secrets-manager") as typeof import("@aws-sdk/client-secrets-manager");
}

/** The package of Systems Manager. */
export function ssmPackage(): typeof import("@aws-sdk/client-ssm") {
  return require("@aws-sdk/client-ssm") as typeof import("@aws-sdk/client-ssm");
}

/** The package of SQS. */
export function sqsPackage(): typeof import("@aws-sdk/client-sqs") {
  return require("@aws-sdk/client-sqs") as typeof import("@aws-sdk/client-sqs");
}
/* eslint-enable @typescript-eslint/no-require-imports */

/** Clients of the function's own Region and role, each made when it is first used. */
export function makeClients(): Clients {
  const options = { maxAttempts: 1 };
  let ecs: ECSClient | undefined;
  let secretsManager: SecretsManagerClient | undefined;
  let ssm: SSMClient | undefined;
  let sqs: SQSClient | undefined;
  return {
    get ecs() {
      return (ecs ??= new (ecsPackage().ECSClient)(options));
    },
    get secretsManager() {
      return (secretsManager ??= new (secretsManagerPackage().SecretsManagerClient)(options));
    },
    get ssm() {
      return (ssm ??= new (ssmPackage().SSMClient)(options));
    },
    get sqs() {
      return (sqs ??= new (sqsPackage().SQSClient)(options));
    },
  };
}
