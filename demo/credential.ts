import {
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type EventBridgeClient,
} from "@aws-sdk/client-eventbridge";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import {
  AddTagsToResourceCommand,
  GetParameterCommand,
  PutParameterCommand,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import type { Credential } from "../examples/shop/migrate";
import { example, recyclerName } from "./example";
import type { Variant } from "./variant";

/** The operator's SDK clients. */
export interface Clients {
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly eventBridge: EventBridgeClient;
  readonly lambda: LambdaClient;
}

/** The credential of the shop's own database user, wherever it lives: what an operator does with it. */
export interface StoredCredential {
  /** Name of the secret or parameter. */
  readonly name: string;
  read(): Promise<Credential>;
  /** Whether a rotation may be asked for. */
  isRotatable(): Promise<boolean>;
  /** Starts a rotation. It is done when the value moves. The version's id is drawn: the log names it. */
  rotate(ids: { uuid(): string }): Promise<void>;
  editTag(): Promise<void>;
  /** A call that would change the value, if AWS did not refuse it. */
  refusedWrite(ids: { uuid(): string }): Promise<unknown>;
}

/** The credential of a variant of the example. */
export function credentialOf({ store }: Variant, clients: Clients): StoredCredential {
  return store === "secret" ? inSecret(clients) : inParameter(clients);
}

/** The value of a secret that holds a credential. */
export async function readSecret(client: SecretsManagerClient, SecretId: string): Promise<Credential> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString!) as Credential;
}

/**
 * Whether a rotation of a secret may be asked for. Secrets Manager tests a rotation when it is configured, with a
 * pending version that it removes; until then it refuses RotateSecret.
 */
export async function isRotatable(client: SecretsManagerClient, SecretId: string): Promise<boolean> {
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
  return Object.values(VersionIdsToStages ?? {}).every((labels) => !labels.includes("AWSPENDING"));
}

function inSecret({ secretsManager }: Clients): StoredCredential {
  const SecretId = example.databaseSecret;
  return {
    name: SecretId,
    read: () => readSecret(secretsManager, SecretId),
    isRotatable: () => isRotatable(secretsManager, SecretId),
    async rotate(ids) {
      await secretsManager.send(new RotateSecretCommand({ SecretId, ClientRequestToken: ids.uuid() }));
    },
    async editTag() {
      await secretsManager.send(
        new TagResourceCommand({ SecretId, Tags: [{ Key: "owner", Value: "shop" }] }),
      );
    },
    refusedWrite: (ids) =>
      secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: ids.uuid(),
          RemoveFromVersionId: ids.uuid(),
        }),
      ),
  };
}

function inParameter({ ssm, eventBridge, lambda }: Clients): StoredCredential {
  const Name = example.databaseParameter;
  return {
    name: Name,
    async read() {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
      return JSON.parse(Parameter!.Value!) as Credential;
    },
    isRotatable: () => Promise.resolve(true),
    // Parameter Store rotates nothing by itself, and a rule cannot be told to run now: its target is called as the rule
    // would call it.
    async rotate() {
      const { Rules = [] } = await eventBridge.send(
        new ListRulesCommand({ NamePrefix: `${recyclerName}-rotate-` }),
      );
      for (const rule of Rules) {
        const { Targets = [] } = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: rule.Name }));
        const event = {
          source: "aws.events",
          "detail-type": "Scheduled Event",
          resources: [rule.Arn],
          detail: {},
        };
        for (const { Arn } of Targets) await invoke(lambda, Arn!, event);
      }
    },
    async editTag() {
      const Tags = [{ Key: "owner", Value: "shop" }];
      await ssm.send(new AddTagsToResourceCommand({ ResourceType: "Parameter", ResourceId: Name, Tags }));
    },
    // Without Overwrite a parameter that is there stays as it is.
    refusedWrite: () => ssm.send(new PutParameterCommand({ Name, Value: "{}", Type: "SecureString" })),
  };
}

async function invoke(lambda: LambdaClient, FunctionName: string, event: object): Promise<void> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
  );
  if (FunctionError !== undefined)
    throw new Error(`${FunctionName} failed: ${Payload ? Buffer.from(Payload).toString() : FunctionError}`);
}
