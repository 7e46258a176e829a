import type { ECSClient } from "@aws-sdk/client-ecs";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { SQSClient } from "@aws-sdk/client-sqs";

/** The clients of the recycler, without retries of their own: a retried UpdateService forces a second deployment. */
export interface Clients {
  readonly ecs: ECSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
}

// The Lambda runtime holds the packages, the archive does not: Pulumi keeps a `require` inside a function as it is,
// but bundles an import at the top level.
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

/** Clients of the function's own Region and role, each created on first use. */
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
