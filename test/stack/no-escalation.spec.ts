import assert from "node:assert/strict";
import { grants } from "../../aws-semantics/iam-policy";
import { physicalNames } from "../../stack/context";
import { recyclerStatements } from "../../stack/role-statements";

const place = { partition: "aws", region: "us-west-2", account: "123456789012" };

/**
 * Actions that return a secret's value or a text that may hold one, and actions with which a role gets further rights,
 * runs code of its choice, or changes a secret or who may read it. Of every service that the recycler uses, and of those
 * through which rights are gained. Source: Service Authorization Reference.
 */
const refused: Readonly<Record<string, readonly string[]>> = {
  ecs: [
    "CreateService",
    "CreateTaskSet",
    "CreateExpressGatewayService",
    "DeleteService",
    "DeregisterTaskDefinition",
    "ExecuteCommand",
    "PutAccountSetting",
    "PutAccountSettingDefault",
    "PutClusterCapacityProviders",
    "RegisterContainerInstance",
    "RegisterTaskDefinition",
    "RunTask",
    "StartTask",
    "StopTask",
    "UpdateCluster",
    "UpdateServicePrimaryTaskSet",
    "UpdateTaskProtection",
    "UpdateTaskSet",
  ],
  secretsmanager: [
    "BatchGetSecretValue",
    "CreateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "GetRandomPassword",
    "GetSecretValue",
    "PutResourcePolicy",
    "PutSecretValue",
    "ReplicateSecretToRegions",
    "RestoreSecret",
    "RotateSecret",
    "UpdateSecret",
    "UpdateSecretVersionStage",
  ],
  ssm: [
    "CreateAssociation",
    "CreateDocument",
    "DeleteParameter",
    "GetCommandInvocation",
    "GetParameter",
    "GetParameterHistory",
    "GetParameters",
    "GetParametersByPath",
    "LabelParameterVersion",
    "ListCommandInvocations",
    "ListCommands",
    "ModifyDocumentPermission",
    "PutParameter",
    "PutResourcePolicy",
    "ResumeSession",
    "SendCommand",
    "StartAutomationExecution",
    "StartSession",
    "UpdateDocument",
  ],
  sqs: [
    "AddPermission",
    "ChangeMessageVisibility",
    "CreateQueue",
    "DeleteQueue",
    "PurgeQueue",
    "RemovePermission",
    "SendMessage",
    "SetQueueAttributes",
    "StartMessageMoveTask",
  ],
  logs: [
    "CreateDelivery",
    "CreateExportTask",
    "CreateLogGroup",
    "DeleteLogGroup",
    "DeleteLogStream",
    "FilterLogEvents",
    "GetLogEvents",
    "GetLogRecord",
    "GetQueryResults",
    "PutAccountPolicy",
    "PutDestination",
    "PutDestinationPolicy",
    "PutResourcePolicy",
    "PutRetentionPolicy",
    "PutSubscriptionFilter",
    "StartLiveTail",
    "StartQuery",
    "Unmask",
  ],
  kms: ["CreateGrant", "Decrypt", "GenerateDataKey", "PutKeyPolicy", "ReEncryptFrom", "ReEncryptTo"],
  iam: ["AttachRolePolicy", "CreateRole", "PassRole", "PutRolePolicy", "UpdateAssumeRolePolicy"],
  lambda: ["AddPermission", "CreateFunction", "GetFunction", "InvokeFunction", "UpdateFunctionCode"],
  sts: ["AssumeRole", "AssumeRoleWithWebIdentity", "GetFederationToken", "TagSession"],
  s3: ["GetObject", "PutBucketPolicy", "PutObject"],
  cloudformation: ["CreateStack", "UpdateStack"],
};

describe("the recycler's role", () => {
  const names = physicalNames("ecs-secret-recycler", "dev");
  const statements = recyclerStatements(place, names, ["shop"]);

  it("uses no service of which the list of refused actions knows nothing", () => {
    const services = statements.flatMap(({ Action }) =>
      [Action ?? []].flat().map((action) => action.split(":")[0]!),
    );

    assert.deepEqual(
      [...new Set(services)].filter((service) => !Object.hasOwn(refused, service)),
      [],
    );
  });

  it("may call nothing that returns a value or gives it further rights, whatever the resource and the condition", () => {
    const unconditional = statements.map((statement) => ({ ...statement, Condition: undefined }));
    const resources = ["*", ...statements.flatMap(({ Resource }) => Resource ?? [])];

    const allowed = Object.entries(refused).flatMap(([service, actions]) =>
      actions
        .map((action) => `${service}:${action}`)
        .filter((action) =>
          resources.some((resource) => grants(unconditional, { action, resource, context: {} })),
        ),
    );

    assert.deepEqual(allowed, []);
    assert.ok(
      grants(unconditional, { action: "ecs:UpdateService", resource: "*", context: {} }),
      "the check sees what is allowed",
    );
  });
});
