import type * as sdk from "@aws-sdk/client-lambda";
import { lengthBetween, matchesPattern, page } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { operationsOn } from "../service";
import { invalid, type LambdaFunction } from "./function";
import type { Functions } from "./functions";

/** Aliases of functions. There are no published versions here, so each points to `$LATEST`. */
export function aliasOperations(functions: Functions) {
  const onFunction = operationsOn<{ FunctionName?: string }>((input) => functions.on(input.FunctionName));
  const set = (fn: LambdaFunction, name: string, given: sdk.UpdateAliasRequest): sdk.AliasConfiguration => {
    const before = fn.aliases.get(name);
    const { FunctionVersion = before?.FunctionVersion, Description = before?.Description ?? "" } = given;
    lengthBetween(Description, 0, 256, "description", invalid);
    if (FunctionVersion !== "$LATEST") throw notImplemented("lambda with published versions");
    if (given.RoutingConfig !== undefined) throw notImplemented("lambda with RoutingConfig of an alias");
    const RevisionId = functions.world.random.uuid();
    const alias = { AliasArn: `${fn.arn}:${name}`, Name: name, FunctionVersion, Description, RevisionId };
    fn.aliases.set(name, alias);
    return alias;
  };
  const find = (fn: LambdaFunction, name = ""): sdk.AliasConfiguration => {
    const alias = fn.aliases.get(name);
    if (!alias)
      throw new ServiceError("ResourceNotFoundException", `Cannot find alias arn: ${fn.arn}:${name}`, 404);
    return alias;
  };
  return {
    CreateAlias: onFunction<sdk.CreateAliasRequest, sdk.AliasConfiguration>("write", (input) => {
      const { Name = "" } = input;
      matchesPattern(Name, /(?![0-9]+$)[a-zA-Z0-9-_]{1,128}/, "name", invalid);
      const fn = functions.find(input.FunctionName);
      if (fn.aliases.has(Name))
        throw new ServiceError("ResourceConflictException", `Alias already exists: ${fn.arn}:${Name}`, 409);
      return set(fn, Name, input);
    }),

    GetAlias: onFunction<sdk.GetAliasRequest, sdk.AliasConfiguration>("read", (input) =>
      find(functions.find(input.FunctionName), input.Name),
    ),

    UpdateAlias: onFunction<sdk.UpdateAliasRequest, sdk.AliasConfiguration>("write", (input) => {
      const fn = functions.find(input.FunctionName);
      return set(fn, find(fn, input.Name).Name!, input);
    }),

    ListAliases: onFunction<sdk.ListAliasesRequest, sdk.ListAliasesResponse>("read", (input) => {
      const all = [...functions.find(input.FunctionName).aliases.values()];
      const { items, nextToken } = page(all, input.Marker, input.MaxItems, 50, invalid);
      return { Aliases: items, NextMarker: nextToken };
    }),

    DeleteAlias: onFunction<sdk.DeleteAliasRequest, object>("write", (input) => {
      functions.find(input.FunctionName).aliases.delete(input.Name ?? "");
      return {};
    }),
  };
}
