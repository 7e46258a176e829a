import type * as sdk from "@aws-sdk/client-secrets-manager";
import { lengthBetween, refused } from "../constraints";
import { notImplemented, ServiceError } from "../errors";
import { Iam } from "../iam";
import { operation, type Authorization, type Operation } from "../service";
import type { World } from "../world";
import { onSecret } from "./authorize";
import { checkToken, invalid, outOfRange, invalidRequest } from "./checks";
import { callerFor, checkRules, type Rotations } from "./rotation";
import { current, pending, versionWith } from "./secret";
import type { SecretStore } from "./store";

/** Operations of rotation. */
export function rotationOperations(
  store: SecretStore,
  rotations: Rotations,
): Readonly<Record<string, Operation>> {
  const { world } = store;

  return {
    RotateSecret: operation<sdk.RotateSecretRequest, sdk.RotateSecretResponse>({
      access: "write",
      authorize: ({ SecretId, RotationLambdaARN }) => {
        const lambdaArn = RotationLambdaARN ?? store.find(SecretId ?? "")?.rotation?.lambdaArn;
        const onFunction: Authorization[] =
          lambdaArn === undefined ? [] : [{ action: "lambda:InvokeFunction", resource: lambdaArn }];
        return [
          onSecret(
            store,
            SecretId,
            RotationLambdaARN === undefined ? {} : { "secretsmanager:RotationLambdaARN": RotationLambdaARN },
          ),
          ...onFunction,
        ];
      },
      handle: (input, call) => {
        const { RotationLambdaARN: lambdaArn, RotationRules: rules, RotateImmediately = true } = input;
        checkToken(input.ClientRequestToken);
        lengthBetween(lambdaArn, 0, 2048, "rotationLambdaARN", outOfRange);
        const secret = store.active(input.SecretId!);
        const {
          ExternalSecretRotationMetadata = secret.rotation?.external?.ExternalSecretRotationMetadata,
          ExternalSecretRotationRoleArn = secret.rotation?.external?.ExternalSecretRotationRoleArn,
        } = input;
        if (rules) checkRules(rules);
        const isManaged = rotations.isManaged(secret);
        if (isManaged && lambdaArn !== undefined)
          throw refused(invalidRequest, "The rotation of a managed secret takes no function.");
        const isExternal = secret.type !== undefined && secret.owningService === undefined;
        if (!isExternal && ExternalSecretRotationRoleArn !== undefined)
          throw refused(invalidRequest, "Only a secret of a partner's type takes a role for its rotation.");
        if (isExternal && !isManaged)
          throw notImplemented(`secretsmanager:RotateSecret of a secret of type ${secret.type}`);
        if (isExternal && ExternalSecretRotationRoleArn === undefined)
          throw refused(invalid, "A secret of a partner's type needs ExternalSecretRotationRoleArn.");
        const function_ = lambdaArn ?? secret.rotation?.lambdaArn;
        if (!isManaged && function_ === undefined)
          throw refused(invalidRequest, "No Lambda rotation function ARN is associated with this secret.");
        if (!isManaged) checkInvocable(world, function_!, secret.arn);
        const kept = rules ?? secret.rotation?.rules;
        if (!kept && RotateImmediately === false)
          throw refused(invalid, "RotationRules are required to set up a schedule.");
        const waiting = versionWith(secret, pending);
        if (
          RotateImmediately &&
          waiting &&
          !waiting.stages.has(current) &&
          secret.rotation?.runningVersion !== undefined
        )
          throw refused(
            invalidRequest,
            "A previous rotation isn't complete. That rotation will be reattempted.",
          );
        secret.rotation = {
          enabled: true,
          lambdaArn: function_,
          external: { ExternalSecretRotationMetadata, ExternalSecretRotationRoleArn },
          rules: kept ?? { AutomaticallyAfterDays: 30 },
          runningVersion: secret.rotation?.runningVersion,
        };
        const id = input.ClientRequestToken ?? world.random.uuid();
        if (RotateImmediately) {
          if (waiting && !waiting.stages.has(current)) {
            rotations.start(secret, waiting.id);
            throw refused(
              invalidRequest,
              "A previous rotation isn't complete. That rotation will be reattempted.",
            );
          }
          rotations.start(secret, id);
        } else if (!isManaged) {
          rotations.test(secret, id);
        }
        rotations.plan(secret);
        store.touch(secret, call.time);
        return { ARN: secret.arn, Name: secret.name, VersionId: RotateImmediately ? id : undefined };
      },
    }),
    CancelRotateSecret: operation<sdk.CancelRotateSecretRequest, sdk.CancelRotateSecretResponse>({
      access: "write",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: ({ SecretId }, call) => {
        const secret = store.active(SecretId!);
        if (secret.owningService !== undefined)
          throw refused(
            invalidRequest,
            "You can't cancel the rotation of a secret that is managed by another service.",
          );
        const waiting = versionWith(secret, pending)?.id;
        const wasRunning = secret.rotation?.runningVersion;
        rotations.cancel(secret);
        store.touch(secret, call.time);
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: wasRunning === undefined ? undefined : waiting,
        };
      },
    }),
  };
}

/** The function must exist, and its own policy must let Secrets Manager call it. */
function checkInvocable(world: World, lambdaArn: string, secretArn: string): void {
  if (Iam.of(world).permits(callerFor(secretArn), "lambda:InvokeFunction", lambdaArn)) return;
  throw new ServiceError(
    "AccessDeniedException",
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
  );
}
