import type * as sdk from "@aws-sdk/client-ssm";
import { between, lengthBetween, page, refused } from "../constraints";
import { ServiceError } from "../errors";
import { onAnything, operation, type Call, type Operation } from "../service";
import { onParameter } from "./authorize";
import { invalid, splitSelector } from "./checks";
import { filtersOf, fits, isBelow } from "./filters";
import { decrypt } from "./keys";
import { isSecretParameter, readSecretParameter } from "./secret-references";
import { newest, type Parameter, type ParameterStore, type ParameterVersion } from "./store";

const badToken = { code: "InvalidNextToken" } as const;

/** Operations that read values, and those that tell about parameters without one. */
export function readOperations(store: ParameterStore): Readonly<Record<string, Operation>> {
  const { world } = store;

  const valueOf = async (call: Call, parameter: Parameter, version: ParameterVersion, decrypted: boolean) => {
    if (version.type !== "SecureString") return version.value;
    // Without decryption AWS gives the ciphertext: nothing that the value could be told from.
    if (!decrypted) return Buffer.from(`encrypted:${parameter.arn}:${version.version}`).toString("base64");
    await decrypt(world, call, parameter, version.keyId);
    return version.value;
  };
  const answer = async (
    call: Call,
    parameter: Parameter,
    version: ParameterVersion,
    decrypted: boolean,
    selector?: string,
  ): Promise<sdk.Parameter> => ({
    Name: parameter.name,
    Type: version.type,
    Value: await valueOf(call, parameter, version, decrypted),
    Version: version.version,
    Selector: selector === undefined ? undefined : `:${selector}`,
    LastModifiedDate: new Date(version.modified),
    ARN: parameter.arn,
    DataType: version.dataType,
  });

  return {
    GetParameter: operation<sdk.GetParameterRequest, sdk.GetParameterResult>({
      access: "read",
      authorize: ({ Name }) => onParameter(store, splitSelector(Name ?? "").name),
      handle: async ({ Name, WithDecryption = false }, call) => {
        if (isSecretParameter(Name!)) {
          const Parameter = await readSecretParameter(world, call, Name!, WithDecryption);
          if (Parameter) return { Parameter };
        }
        const { name, selector } = splitSelector(Name!);
        const parameter = store.get(name);
        const version = selected(parameter, selector);
        return { Parameter: await answer(call, parameter, version, WithDecryption, selector) };
      },
    }),
    GetParameters: operation<sdk.GetParametersRequest, sdk.GetParametersResult>({
      access: "read",
      authorize: ({ Names = [] }) => Names.map((name) => onParameter(store, splitSelector(name).name)),
      handle: async ({ Names = [], WithDecryption = false }, call) => {
        lengthBetween(Names, 1, 10, "names", invalid);
        if (new Set(Names).size < Names.length)
          throw refused(invalid, "Duplicate parameter names in the request.");
        const Parameters: sdk.Parameter[] = [];
        const InvalidParameters: string[] = [];
        for (const given of Names) {
          const { name, selector } = splitSelector(given);
          const parameter = store.find(name);
          const version = parameter && lookUp(parameter, selector);
          const found = isSecretParameter(given)
            ? await readSecretParameter(world, call, given, WithDecryption)
            : parameter && version && (await answer(call, parameter, version, WithDecryption, selector));
          if (found) Parameters.push(found);
          else InvalidParameters.push(given);
        }
        return { Parameters, InvalidParameters };
      },
    }),
    GetParametersByPath: operation<sdk.GetParametersByPathRequest, sdk.GetParametersByPathResult>({
      access: "read",
      authorize: ({ Path = "", Recursive }) => {
        const asked = onParameter(store, Path.replace(/(.)\/$/, "$1"));
        return { ...asked, context: { ...asked.context, "ssm:Recursive": String(Recursive ?? false) } };
      },
      handle: async (input, call) => {
        const { Path = "", Recursive = false, WithDecryption = false } = input;
        between(input.MaxResults, 1, 10, "maxResults", invalid);
        if (!Path.startsWith("/")) throw refused(invalid, "The parameter path must begin with a slash.");
        const filters = filtersOf(input.ParameterFilters, undefined);
        if (filters.some(({ Key = "" }) => !["Type", "KeyId", "Label"].includes(Key)))
          throw new ServiceError(
            "InvalidFilterKey",
            "GetParametersByPath filters by Type, KeyId and Label only.",
          );
        const prefix = Path.endsWith("/") ? Path : `${Path}/`;
        const found = store.all.filter(
          (parameter) =>
            isBelow(parameter.name, Path) &&
            (Recursive || !parameter.name.slice(prefix.length).includes("/")) &&
            fits(parameter, filters),
        );
        const { items, nextToken } = page(found, input.NextToken, input.MaxResults ?? 10, 10, badToken);
        const Parameters: sdk.Parameter[] = [];
        for (const parameter of items)
          Parameters.push(await answer(call, parameter, newest(parameter), WithDecryption));
        return { Parameters, NextToken: nextToken };
      },
    }),
    GetParameterHistory: operation<sdk.GetParameterHistoryRequest, sdk.GetParameterHistoryResult>({
      access: "read",
      authorize: ({ Name }) => onParameter(store, Name ?? ""),
      handle: async ({ Name, WithDecryption = false, MaxResults, NextToken }, call) => {
        between(MaxResults, 1, 50, "maxResults", invalid);
        const parameter = store.get(Name!);
        const { items, nextToken } = page(parameter.versions, NextToken, MaxResults ?? 50, 50, badToken);
        const Parameters: sdk.ParameterHistory[] = [];
        for (const version of items)
          Parameters.push({
            ...metadata(parameter, version),
            ARN: undefined,
            Value: await valueOf(call, parameter, version, WithDecryption),
            Labels: [...version.labels],
          } as sdk.ParameterHistory);
        return { Parameters, NextToken: nextToken };
      },
    }),
    DescribeParameters: onAnything<sdk.DescribeParametersRequest, sdk.DescribeParametersResult>(
      "read",
      (input, call) => {
        between(input.MaxResults, 1, 50, "maxResults", invalid);
        const filters = filtersOf(input.ParameterFilters, input.Filters);
        const time = world.readTime(call);
        // Nothing is shared with this account by another one.
        const found = input.Shared ? [] : store.all.filter((parameter) => fits(parameter, filters));
        const { items, nextToken } = page(found, input.NextToken, input.MaxResults ?? 50, 50, badToken);
        return {
          Parameters: items.map((parameter) => metadata(parameter, store.versionAt(parameter, time))),
          NextToken: nextToken,
        };
      },
    ),
  };
}

function lookUp(parameter: Parameter, selector: string | undefined): ParameterVersion | undefined {
  if (selector === undefined) return newest(parameter);
  return parameter.versions.find((version) =>
    /^\d+$/.test(selector) ? version.version === Number(selector) : version.labels.has(selector),
  );
}

function selected(parameter: Parameter, selector: string | undefined): ParameterVersion {
  const version = lookUp(parameter, selector);
  if (!version)
    throw new ServiceError(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${String(selector)} of ${parameter.name}. Verify the version and try again.`,
    );
  return version;
}

function metadata(parameter: Parameter, version: ParameterVersion): sdk.ParameterMetadata {
  return {
    Name: parameter.name,
    ARN: parameter.arn,
    Type: version.type,
    KeyId: version.keyId,
    LastModifiedDate: new Date(version.modified),
    LastModifiedUser: version.modifiedBy,
    Description: version.description,
    AllowedPattern: version.allowedPattern,
    Version: version.version,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  };
}
