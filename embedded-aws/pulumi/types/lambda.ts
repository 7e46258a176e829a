import type * as aws from "@pulumi/aws";
import type {
  AliasConfiguration,
  EventSourceMappingConfiguration,
  FunctionConfiguration,
} from "@aws-sdk/client-lambda";
import type { Unwrap } from "@pulumi/pulumi";
import { zipOf } from "./archive";
import {
  allTags,
  defined,
  pascal,
  physicalName,
  resourceType,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type FunctionInputs = Unwrap<aws.lambda.FunctionArgs>;
type Mapping = Unwrap<aws.lambda.EventSourceMappingArgs>;

/** Members that CreateFunction and UpdateFunctionConfiguration share. */
function configuration(name: string, inputs: FunctionInputs): object {
  return defined({
    FunctionName: name,
    Role: inputs.role,
    Handler: inputs.handler,
    Runtime: inputs.runtime,
    Description: inputs.description,
    Timeout: inputs.timeout ?? 3,
    MemorySize: inputs.memorySize ?? 128,
    Environment: { Variables: inputs.environment?.variables ?? {} },
    VpcConfig: inputs.vpcConfig && {
      SubnetIds: inputs.vpcConfig.subnetIds,
      SecurityGroupIds: inputs.vpcConfig.securityGroupIds,
    },
    DeadLetterConfig: inputs.deadLetterConfig && pascal(inputs.deadLetterConfig),
    TracingConfig: inputs.tracingConfig && pascal(inputs.tracingConfig),
    LoggingConfig: inputs.loggingConfig && pascal(inputs.loggingConfig),
    EphemeralStorage: inputs.ephemeralStorage && pascal(inputs.ephemeralStorage),
    Layers: inputs.layers,
    KMSKeyArn: inputs.kmsKeyArn,
  });
}

function stateOf(account: Account, inputs: FunctionInputs, answer: FunctionConfiguration): Properties {
  const arn = answer.FunctionArn!;
  const invokeArn = `arn:${account.partition}:apigateway:${account.region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
  return {
    packageType: "Zip",
    timeout: 3,
    memorySize: 128,
    ...inputs,
    name: answer.FunctionName,
    arn,
    invokeArn,
    qualifiedArn: `${arn}:$LATEST`,
    qualifiedInvokeArn: invokeArn.replace(arn, `${arn}:$LATEST`),
    version: answer.Version ?? "$LATEST",
    lastModified: answer.LastModified,
    codeSha256: answer.CodeSha256,
    sourceCodeHash: answer.CodeSha256,
    sourceCodeSize: answer.CodeSize,
    tagsAll: allTags(account, inputs.tags),
  };
}

function aliasInput({
  functionName,
  name,
  functionVersion,
  description,
}: Unwrap<aws.lambda.AliasArgs>): object {
  return defined({
    FunctionName: functionName,
    Name: name,
    FunctionVersion: functionVersion,
    Description: description,
  });
}

function mappingInput(inputs: Mapping): object {
  return defined({
    FunctionName: inputs.functionName,
    Enabled: inputs.enabled ?? true,
    BatchSize: inputs.batchSize,
    MaximumBatchingWindowInSeconds: inputs.maximumBatchingWindowInSeconds,
    FunctionResponseTypes: inputs.functionResponseTypes,
    FilterCriteria: inputs.filterCriteria && pascal(inputs.filterCriteria),
    ScalingConfig: inputs.scalingConfig && pascal(inputs.scalingConfig),
  });
}

function mappingState(
  account: Account,
  inputs: Mapping,
  answer: EventSourceMappingConfiguration,
): Properties {
  return {
    enabled: true,
    ...inputs,
    uuid: answer.UUID,
    arn: answer.EventSourceMappingArn,
    functionArn: answer.FunctionArn,
    state: answer.State,
    lastModified: answer.LastModified?.toISOString(),
    tagsAll: allTags(account, inputs.tags),
  };
}

/** AWS Lambda: functions from archives, who may call them, and what feeds them. */
export const lambda: Readonly<Record<string, ResourceType>> = {
  "aws:lambda/function:Function": resourceType<aws.lambda.FunctionArgs>({
    computed: [
      "id",
      "arn",
      "name",
      "invokeArn",
      "qualifiedArn",
      "qualifiedInvokeArn",
      "version",
      "lastModified",
      "codeSha256",
      "sourceCodeHash",
      "sourceCodeSize",
      "tagsAll",
    ],
    replaceOnChanges: ["name", "packageType"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      const answer = await account.call<FunctionConfiguration>("lambda", "CreateFunction", {
        ...configuration(name, inputs),
        ...defined({
          Architectures: inputs.architectures,
          PackageType: inputs.packageType,
          Publish: inputs.publish,
        }),
        Code: { ZipFile: await zipOf(inputs.code) },
        Tags: allTags(account, inputs.tags),
      });
      if (inputs.reservedConcurrentExecutions !== undefined && inputs.reservedConcurrentExecutions >= 0)
        await account.call("lambda", "PutFunctionConcurrency", {
          FunctionName: name,
          ReservedConcurrentExecutions: inputs.reservedConcurrentExecutions,
        });
      return { id: name, state: stateOf(account, inputs, answer) };
    },
    async update(account, name, _olds, inputs) {
      await account.call("lambda", "UpdateFunctionCode", {
        FunctionName: name,
        ZipFile: await zipOf(inputs.code),
        ...defined({ Architectures: inputs.architectures }),
      });
      const answer = await account.call<FunctionConfiguration>(
        "lambda",
        "UpdateFunctionConfiguration",
        configuration(name, inputs),
      );
      return stateOf(account, inputs, answer);
    },
    async delete(account, name) {
      await account.call("lambda", "DeleteFunction", { FunctionName: name });
    },
  }),

  "aws:lambda/permission:Permission": resourceType<aws.lambda.PermissionArgs>({
    computed: ["id", "statementId"],
    replaceOnChanges: ["*"],
    async create(account, inputs, logicalName) {
      const statementId = physicalName(account, logicalName, {
        name: inputs.statementId,
        namePrefix: inputs.statementIdPrefix,
      });
      await account.call("lambda", "AddPermission", {
        FunctionName: inputs.function,
        StatementId: statementId,
        Action: inputs.action,
        Principal: inputs.principal,
        SourceArn: inputs.sourceArn,
        SourceAccount: inputs.sourceAccount,
        Qualifier: inputs.qualifier,
      });
      return { id: statementId, state: { ...inputs, statementId } };
    },
    async delete(account, statementId, state) {
      await account.call("lambda", "RemovePermission", {
        FunctionName: text(state, "function"),
        StatementId: statementId,
      });
    },
  }),

  "aws:lambda/alias:Alias": resourceType<aws.lambda.AliasArgs>({
    computed: ["id", "arn", "invokeArn"],
    replaceOnChanges: ["name", "functionName"],
    async create(account, inputs) {
      const answer = await account.call<AliasConfiguration>("lambda", "CreateAlias", aliasInput(inputs));
      return { id: answer.AliasArn!, state: { ...inputs, arn: answer.AliasArn } };
    },
    async update(account, arn, _olds, inputs) {
      await account.call("lambda", "UpdateAlias", aliasInput(inputs));
      return { ...inputs, arn };
    },
    async delete(account, _arn, state) {
      await account.call("lambda", "DeleteAlias", {
        FunctionName: text(state, "functionName"),
        Name: text(state, "name"),
      });
    },
  }),

  "aws:lambda/eventSourceMapping:EventSourceMapping": resourceType<aws.lambda.EventSourceMappingArgs>({
    computed: ["id", "arn", "uuid", "functionArn", "state", "lastModified", "tagsAll"],
    replaceOnChanges: ["eventSourceArn"],
    async create(account, inputs) {
      const answer = await account.call<EventSourceMappingConfiguration>(
        "lambda",
        "CreateEventSourceMapping",
        { ...mappingInput(inputs), EventSourceArn: inputs.eventSourceArn },
      );
      return { id: answer.UUID!, state: mappingState(account, inputs, answer) };
    },
    async update(account, uuid, _olds, inputs) {
      const answer = await account.call<EventSourceMappingConfiguration>(
        "lambda",
        "UpdateEventSourceMapping",
        { ...mappingInput(inputs), UUID: uuid },
      );
      return mappingState(account, inputs, answer);
    },
    async delete(account, uuid) {
      await account.call("lambda", "DeleteEventSourceMapping", { UUID: uuid });
    },
  }),
};
