import type { CreateKeyResponse } from "@aws-sdk/client-kms";
import { strToU8, zipSync } from "fflate";
import { recyclerName, recyclerProject } from "../demo/example";
import type { Recording } from "../demo/recording";
import { recordExample, type RecordedExample } from "./virtual-run";
import type { World } from "../embedded-aws/aws/world";

/** What stands beside the example's own secrets and parameters. */
export const everyFeature = {
  /** A single user's, encrypted with a key of ours; the database knows the password of its oldest version. */
  singleSecret: "shop/single",
  singleUser: "single",
  oldestPassword: "the oldest password",
  /** Rotated by `ownFunction`, which belongs to somebody else. */
  ownSecret: "shop/own",
  ownFunction: `${recyclerName}-rotator-own`,
  /** Credentials in parameters of either tier, encrypted with a key of ours. */
  parameters: ["/shop/credential", "/shop/long-credential"],
  /** Whom the parameters name, and with which password: the database knows them. */
  parameterUsers: ["in_parameter_0", "in_parameter_1"],
  parameterPassword: "some password",
  /** The administrator's secret of each parameter: under the parameter's own key, and under another one. */
  adminSecrets: ["shop/credential-admin", "shop/long-credential-admin"],
  admin: "credential_admin",
  adminPassword: "the administrator's password",
  /** So many that they are listed, not described one by one. */
  manySecrets: Array.from({ length: 10 }, (_, index) => `shop/many-${index}`),
  /** Family and execution role of a task outside services that reads all of them. */
  manyReader: "shop-many",
} as const;

/** When the rule of each parameter starts its rotation: twice within the first hour of virtual time, which is 08:00. */
const parameterSchedule = "cron(20,40 8 * * ? *)";

/** The example with everything that the stack can make: every kind of rotation, alarms, listed secrets. */
export function recordEveryFeature(): Promise<RecordedExample> {
  return recordExample({
    between: async (world, recording) => {
      const [keyArn, otherKeyArn] = await prepare(world, recording);
      const builtIn = { kind: "built-in", engine: "postgres", minimumIntervalMinutes: 0 };
      return {
        [`${recyclerProject}:services`]: [
          { cluster: "shop", service: "web" },
          {
            cluster: "shop",
            exclude: ["web", "reports"],
            secrets: ["shop/database", "shop/log-token", ...everyFeature.manySecrets],
            parameters: ["/shop/feature-flags"],
          },
        ],
        [`${recyclerProject}:rotations`]: [
          {
            secret: "shop/database",
            rotator: {
              kind: "built-in",
              database: "shop",
              adminSecret: "shop/database-admin",
              minimumIntervalMinutes: 0,
            },
          },
          {
            secret: everyFeature.singleSecret,
            rotator: { ...builtIn, strategy: "single-user", kmsKeyArn: keyArn },
          },
          ...everyFeature.parameters.map((parameter, index) => ({
            parameter,
            schedule: parameterSchedule,
            rotator: {
              ...builtIn,
              adminSecret: everyFeature.adminSecrets[index],
              kmsKeyArn: keyArn,
              adminKmsKeyArn: [keyArn, otherKeyArn][index],
            },
          })),
          {
            secret: everyFeature.ownSecret,
            rotator: {
              kind: "function",
              rotationLambdaArn: world.arn("lambda", `function:${everyFeature.ownFunction}`),
            },
          },
        ],
        [`${recyclerProject}:alarms`]: { email: "shop@example.com" },
      };
    },
  });
}

/** Makes what the stack only refers to. @returns the ARNs of two keys */
async function prepare(world: World, recording: Recording): Promise<[string, string]> {
  async function call<Output extends object>(
    prefix: string,
    operation: string,
    input: object,
  ): Promise<Output> {
    const output = await world.asOperator<Output>(prefix, operation, input);
    recording.add({ prefix, operation, input, output });
    return output;
  }
  const token = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  const credential = (username: string, password: string): string =>
    JSON.stringify({ engine: "postgres", host: "127.0.0.1", port: 5432, dbname: "shop", username, password });

  const createKey = async (): Promise<string> =>
    (await call<CreateKeyResponse>("kms", "CreateKey", {})).KeyMetadata!.Arn!;
  const KmsKeyId = await createKey();
  const otherKeyId = await createKey();
  for (const [index, Name] of everyFeature.adminSecrets.entries())
    await call("secretsmanager", "CreateSecret", {
      Name,
      SecretString: credential(everyFeature.admin, everyFeature.adminPassword),
      KmsKeyId: [KmsKeyId, otherKeyId][index],
      ClientRequestToken: token(4 + index),
    });
  await call("secretsmanager", "CreateSecret", {
    Name: everyFeature.singleSecret,
    SecretString: credential(everyFeature.singleUser, everyFeature.oldestPassword),
    KmsKeyId,
    ClientRequestToken: token(1),
  });
  for (const [index, password] of ["a newer password", "the newest password"].entries())
    await call("secretsmanager", "PutSecretValue", {
      SecretId: everyFeature.singleSecret,
      SecretString: credential(everyFeature.singleUser, password),
      ClientRequestToken: token(2 + index),
    });
  for (const [index, Name] of [everyFeature.ownSecret, ...everyFeature.manySecrets].entries())
    await call("secretsmanager", "CreateSecret", {
      Name,
      SecretString: credential("many", "some password"),
      ClientRequestToken: token(10 + index),
    });
  for (const [index, Tier] of (["Standard", "Advanced"] as const).entries())
    await call("ssm", "PutParameter", {
      Name: everyFeature.parameters[index],
      Type: "SecureString",
      Value: credential(everyFeature.parameterUsers[index]!, everyFeature.parameterPassword),
      KeyId: KmsKeyId,
      Tier,
    });
  await ownFunction(call);
  await manyReader(world, call);
  return [KmsKeyId, otherKeyId];
}

/** A task definition beside the example's that reads many secrets. */
async function manyReader(
  world: World,
  call: (prefix: string, operation: string, input: object) => Promise<{ Role?: { Arn?: string } }>,
): Promise<void> {
  const RoleName = everyFeature.manyReader;
  const arns = everyFeature.manySecrets.map((name) => world.arn("secretsmanager", `secret:${name}`));
  const document = (statement: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const { Role } = await call("iam", "CreateRole", {
    RoleName,
    AssumeRolePolicyDocument: document({
      Principal: { Service: "ecs-tasks.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
  });
  await call("iam", "PutRolePolicy", {
    RoleName,
    PolicyName: "secrets",
    PolicyDocument: document({
      Action: "secretsmanager:GetSecretValue",
      Resource: arns.map((arn) => `${arn}-??????`),
    }),
  });
  await call("ecs", "RegisterTaskDefinition", {
    family: everyFeature.manyReader,
    executionRoleArn: Role?.Arn,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    containerDefinitions: [
      {
        name: "reader",
        image: "shop/reader:1",
        essential: true,
        secrets: arns.map((valueFrom, index) => ({ name: `VALUE_${index}`, valueFrom })),
      },
    ],
  });
}

/** A function of somebody else, whose role may do everything: it is not about its policies. */
async function ownFunction(
  call: (prefix: string, operation: string, input: object) => Promise<{ Role?: { Arn?: string } }>,
): Promise<void> {
  const RoleName = everyFeature.ownFunction;
  const document = (statement: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const { Role } = await call("iam", "CreateRole", {
    RoleName,
    AssumeRolePolicyDocument: document({
      Principal: { Service: "lambda.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
  });
  await call("iam", "PutRolePolicy", {
    RoleName,
    PolicyName: "everything",
    PolicyDocument: document({ Action: "*", Resource: "*" }),
  });
  await call("lambda", "CreateFunction", {
    FunctionName: everyFeature.ownFunction,
    Role: Role?.Arn,
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Code: { ZipFile: zipSync({ "index.js": strToU8("") }) },
    Environment: { Variables: { ROTATOR_SETTINGS: JSON.stringify({ engine: "postgres" }) } },
  });
}
