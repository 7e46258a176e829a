import type * as sdk from "@aws-sdk/client-ssm";
import { ParameterTier, ParameterType, ResourceTypeForTagging } from "@aws-sdk/client-ssm";
import { callerName } from "../caller";
import { lengthBetween, oneOf, refused } from "../constraints";
import { notImplemented, ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import { onParameter } from "./authorize";
import { checkName, invalid } from "./checks";
import { defaultKey, encrypt } from "./keys";
import { newest, type Parameter, type ParameterStore } from "./store";

/** AWS Systems Manager User Guide, "Managing parameter tiers": characters of a value. */
const longestValue = { Standard: 4096, Advanced: 8192 } as const;
const dataTypes = ["text", "aws:ec2:image", "aws:ssm:integration"];

/** Operations that make, change, label, tag and delete parameters. */
export function writeOperations(store: ParameterStore): Readonly<Record<string, Operation>> {
  const { world } = store;

  return {
    PutParameter: operation<sdk.PutParameterRequest, sdk.PutParameterResult>({
      access: "write",
      authorize: ({ Name = "", Overwrite, Tags }) => {
        const asked = onParameter(store, Name);
        const tags = (Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ""] as const);
        return {
          ...asked,
          context: {
            ...asked.context,
            "ssm:Overwrite": String(Overwrite ?? false),
            ...Object.fromEntries(tags),
          },
        };
      },
      handle: async (input, call) => {
        const name = input.Name!;
        checkName(name);
        const existing = store.find(name);
        const made = versionOf(input, existing);
        if (made.type === "SecureString")
          await encrypt(world, call, store.arnOf(name), made.keyId, made.tier === "Advanced");
        const parameter = store.write(name, {
          ...made,
          modified: call.time,
          modifiedBy: callerName(call.caller, world.partition, world.account),
        });
        setTags(parameter, input.Tags);
        return { Version: newest(parameter).version, Tier: made.tier };
      },
    }),
    DeleteParameter: operation<sdk.DeleteParameterRequest, sdk.DeleteParameterResult>({
      access: "write",
      authorize: ({ Name }) => onParameter(store, Name ?? ""),
      handle: ({ Name }) => {
        store.delete(store.get(Name!));
        return {};
      },
    }),
    LabelParameterVersion: operation<sdk.LabelParameterVersionRequest, sdk.LabelParameterVersionResult>({
      access: "write",
      authorize: ({ Name }) => onParameter(store, Name ?? ""),
      handle: ({ Name, ParameterVersion, Labels = [] }) => {
        lengthBetween(Labels, 1, 10, "labels", invalid);
        for (const label of Labels) lengthBetween(label, 1, 100, "labels", invalid);
        const parameter = store.get(Name!);
        const version = versionNumber(parameter, ParameterVersion ?? newest(parameter).version);
        const isValid = (label: string) => /^[a-zA-Z_.-][\w.-]*$/.test(label) && !/^(aws|ssm)/i.test(label);
        const valid = Labels.filter(isValid);
        if (new Set([...version.labels, ...valid]).size > 10)
          throw new ServiceError(
            "ParameterVersionLabelLimitExceeded",
            "A parameter version can have at most 10 labels.",
          );
        for (const label of valid) {
          for (const other of parameter.versions) other.labels.delete(label);
          version.labels.add(label);
        }
        if (valid.length > 0) store.tell(parameter, "LabelParameterVersion");
        return {
          InvalidLabels: Labels.filter((label) => !isValid(label)),
          ParameterVersion: version.version,
        };
      },
    }),
    AddTagsToResource: operation<sdk.AddTagsToResourceRequest, sdk.AddTagsToResourceResult>({
      access: "write",
      authorize: ({ ResourceId }) => onParameter(store, ResourceId ?? ""),
      handle: ({ ResourceType, ResourceId, Tags }) => {
        setTags(tagged(store, ResourceType, ResourceId!), Tags);
        return {};
      },
    }),
    RemoveTagsFromResource: operation<sdk.RemoveTagsFromResourceRequest, sdk.RemoveTagsFromResourceResult>({
      access: "write",
      authorize: ({ ResourceId }) => onParameter(store, ResourceId ?? ""),
      handle: ({ ResourceType, ResourceId, TagKeys }) => {
        const { tags } = tagged(store, ResourceType, ResourceId!);
        for (const key of TagKeys ?? []) tags.delete(key);
        return {};
      },
    }),
    ListTagsForResource: operation<sdk.ListTagsForResourceRequest, sdk.ListTagsForResourceResult>({
      access: "read",
      authorize: ({ ResourceId }) => onParameter(store, ResourceId ?? ""),
      handle: ({ ResourceType, ResourceId }) => ({
        TagList: [...tagged(store, ResourceType, ResourceId!).tags].map(([Key, Value]) => ({ Key, Value })),
      }),
    }),
  };
}

/** What the next version of a parameter is, checked; what is left out is kept from the version before. */
function versionOf(input: sdk.PutParameterRequest, existing: Parameter | undefined) {
  const before = existing && newest(existing);
  const { Value: value = "", Overwrite = false, Tags } = input;
  oneOf(input.Type, ParameterType, "type", invalid);
  oneOf(input.Tier, ParameterTier, "tier", invalid);
  oneOf(input.DataType, dataTypes, "dataType", invalid);
  lengthBetween(input.Description, 0, 1024, "description", invalid);
  lengthBetween(input.AllowedPattern, 0, 1024, "allowedPattern", invalid);
  if (before && !Overwrite)
    throw new ServiceError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  if (Overwrite && Tags !== undefined && Tags.length > 0)
    throw refused(
      invalid,
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.",
    );
  const type = input.Type ?? before?.type;
  if (type === undefined) throw refused(invalid, "A parameter type is required when you create a parameter.");
  if (before && before.type !== type)
    throw new ServiceError(
      "HierarchyTypeMismatchException",
      `The parameter's type can't be changed from ${before.type} to ${type}: delete the parameter and make it again.`,
    );
  if (input.KeyId !== undefined && type !== "SecureString")
    throw refused(invalid, "KeyId is valid for parameters of type SecureString only.");
  const tier = tierOf(input, before?.tier);
  lengthBetween(value, 1, longestValue[tier], "value", invalid);
  const allowedPattern = input.AllowedPattern ?? before?.allowedPattern;
  checkPattern(value, allowedPattern);
  return {
    value,
    type,
    tier,
    keyId: type === "SecureString" ? (input.KeyId ?? before?.keyId ?? defaultKey) : undefined,
    dataType: input.DataType ?? before?.dataType ?? "text",
    description: input.Description ?? before?.description,
    allowedPattern,
    policies: input.Policies ?? before?.policies,
  };
}

function tierOf(input: sdk.PutParameterRequest, before: ParameterTier | undefined): "Standard" | "Advanced" {
  const needsAdvanced = (input.Value?.length ?? 0) > longestValue.Standard || input.Policies !== undefined;
  if (input.Tier === "Standard" && before === "Advanced")
    throw refused(
      invalid,
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.",
    );
  if (input.Tier === "Advanced" || before === "Advanced") return "Advanced";
  return input.Tier === "Intelligent-Tiering" && needsAdvanced ? "Advanced" : "Standard";
}

function checkPattern(value: string, pattern: string | undefined): void {
  if (pattern === undefined || pattern === "") return;
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw Object.assign(
      new ServiceError("InvalidAllowedPatternException", "The allowed pattern is not valid."),
      {
        cause,
      },
    );
  }
  if (!expression.test(value))
    throw new ServiceError(
      "ParameterPatternMismatchException",
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    );
}

function versionNumber(parameter: Parameter, wanted: number) {
  const version = parameter.versions.find(({ version }) => version === wanted);
  if (!version)
    throw new ServiceError(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${wanted} of ${parameter.name}. Verify the version and try again.`,
    );
  return version;
}

function setTags(parameter: Parameter, tags: readonly sdk.Tag[] | undefined): void {
  for (const { Key = "", Value = "" } of tags ?? []) {
    lengthBetween(Key, 1, 128, "tags.key", invalid);
    lengthBetween(Value, 0, 256, "tags.value", invalid);
    parameter.tags.set(Key, Value);
  }
  if (parameter.tags.size > 50)
    throw new ServiceError("TooManyTagsError", "A parameter can have up to 50 tags.");
}

function tagged(store: ParameterStore, type: string | undefined, id: string): Parameter {
  oneOf(type, ResourceTypeForTagging, "resourceType", { code: "InvalidResourceType" });
  if (type !== "Parameter") throw notImplemented(`ssm tags of a ${String(type)}`);
  const parameter = store.find(id);
  if (!parameter) throw new ServiceError("InvalidResourceId", `The resource ID is not valid: ${id}`);
  return parameter;
}
