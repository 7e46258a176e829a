import * as sdk from "@aws-sdk/client-lambda";
import { between, oneOf, page, refused } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { onAnything, operation, operationsOn, type Authorization } from "../service";
import {
  checkConfiguration,
  configurationOf,
  containersOf,
  invalid,
  parseFunctionName,
  type LambdaFunction,
} from "./function";
import { ACCOUNT_CONCURRENCY, type Functions } from "./functions";

/** Operations that make, change, show and delete functions. */
export function functionOperations(functions: Functions) {
  const { world } = functions;
  const onFunction = operationsOn<{ FunctionName?: string }>((input) => functions.on(input.FunctionName));

  return {
    CreateFunction: operation<sdk.CreateFunctionRequest, sdk.FunctionConfiguration>({
      access: "write",
      authorize: (input) => [functions.on(input.FunctionName), passRole(input.Role ?? "")],
      handle: async (input, call) => {
        const name = parseFunctionName(input.FunctionName ?? "")?.name;
        if (name === undefined) throw refused(invalid, `${input.FunctionName} is no function name.`);
        if (input.PackageType === "Image") throw notImplemented("lambda with a container image");
        if (input.Publish) throw notImplemented("lambda with Publish");
        checkConfiguration(world, input);
        if (input.Runtime === undefined || input.Handler === undefined)
          throw refused(
            invalid,
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
          );
        for (const architecture of input.Architectures ?? [])
          oneOf(architecture, sdk.Architecture, "architectures", invalid);
        if (functions.named(name))
          throw new ServiceError("ResourceConflictException", `Function already exist: ${name}`, 409);
        const zip = await functions.code(input.Code ?? {}, call);
        const configuration = configurationOf(world, name, undefined, input, zip);
        const environment = { ...input.Environment?.Variables };
        const fn: LambdaFunction = {
          name,
          arn: world.arn("lambda", `function:${name}`),
          configuration,
          environment,
          zip,
          containers: containersOf(world, configuration, environment, zip),
          tags: { ...input.Tags },
          statements: new Map(),
          aliases: new Map(),
        };
        functions.add(fn);
        return functions.shown(fn);
      },
    }),

    UpdateFunctionCode: onFunction<sdk.UpdateFunctionCodeRequest, sdk.FunctionConfiguration>(
      "write",
      async (input, call) => {
        const fn = functions.find(input.FunctionName);
        if (input.Publish) throw notImplemented("lambda with Publish");
        const zip = await functions.code(input, call);
        return input.DryRun
          ? functions.shown(fn)
          : functions.update(fn, { FunctionName: fn.name }, zip, input.RevisionId);
      },
    ),

    UpdateFunctionConfiguration: operation<sdk.UpdateFunctionConfigurationRequest, sdk.FunctionConfiguration>(
      {
        access: "write",
        authorize: (input) => [
          functions.on(input.FunctionName),
          ...(input.Role === undefined ? [] : [passRole(input.Role)]),
        ],
        handle: (input) => {
          const fn = functions.find(input.FunctionName);
          checkConfiguration(world, input, fn.configuration.Role);
          return functions.update(fn, input, fn.zip, input.RevisionId);
        },
      },
    ),

    GetFunction: onFunction<sdk.GetFunctionRequest, sdk.GetFunctionResponse>("read", (input) => {
      const fn = functions.qualified(input.FunctionName, input.Qualifier);
      return {
        Configuration: functions.shown(fn),
        Code: { RepositoryType: "S3", Location: `${world.endpoint ?? ""}/lambda-code/${fn.name}` },
        Tags: Object.keys(fn.tags).length > 0 ? { ...fn.tags } : undefined,
        Concurrency:
          fn.reservedConcurrency === undefined
            ? undefined
            : { ReservedConcurrentExecutions: fn.reservedConcurrency },
      };
    }),

    GetFunctionConfiguration: onFunction<sdk.GetFunctionConfigurationRequest, sdk.FunctionConfiguration>(
      "read",
      (input) => functions.shown(functions.find(input.FunctionName, input.Qualifier)),
    ),

    ListFunctions: onAnything<sdk.ListFunctionsRequest, sdk.ListFunctionsResponse>("read", (input) => {
      between(input.MaxItems, 1, 10_000, "maxItems", invalid);
      const all = [...functions.all()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, nextToken } = page(all, input.Marker, input.MaxItems, 50, invalid);
      return { Functions: items.map((fn) => functions.shown(fn)), NextMarker: nextToken };
    }),

    DeleteFunction: onFunction<sdk.DeleteFunctionRequest, sdk.DeleteFunctionResponse>(
      "write",
      async (input) => {
        const fn = functions.find(input.FunctionName, input.Qualifier);
        functions.delete(fn);
        await fn.containers.retire();
        return { StatusCode: 204 };
      },
    ),

    PutFunctionConcurrency: onFunction<sdk.PutFunctionConcurrencyRequest, sdk.Concurrency>(
      "write",
      (input) => {
        const { ReservedConcurrentExecutions: reserved } = input;
        between(reserved, 0, ACCOUNT_CONCURRENCY - 100, "reservedConcurrentExecutions", invalid);
        const fn = functions.find(input.FunctionName);
        fn.reservedConcurrency = reserved;
        return { ReservedConcurrentExecutions: reserved };
      },
    ),
  };
}

/** Whoever gives a function a role hands it to Lambda. */
function passRole(resource: string): Authorization {
  return { action: "iam:PassRole", resource, context: { "iam:PassedToService": "lambda.amazonaws.com" } };
}
