import type { ParametersFilter, ParameterStringFilter } from "@aws-sdk/client-ssm";
import { lengthBetween, oneOf, refused } from "../constraints";
import { ServiceError } from "../errors";
import { invalid } from "./checks";
import { newest, type Parameter } from "./store";

const options: Readonly<Record<string, readonly string[]>> = {
  Name: ["Equals", "BeginsWith", "Contains"],
  Type: ["Equals", "BeginsWith"],
  KeyId: ["Equals", "BeginsWith"],
  Path: ["Recursive", "OneLevel"],
  Tier: ["Equals", "BeginsWith"],
  DataType: ["Equals", "BeginsWith"],
  Label: ["Equals", "BeginsWith"],
};

/** The filters of DescribeParameters, old and new form, checked and in the new form. */
export function filtersOf(
  given: readonly ParameterStringFilter[] | undefined,
  old: readonly ParametersFilter[] | undefined,
): ParameterStringFilter[] {
  if (given !== undefined && old !== undefined)
    throw refused(invalid, "You can use either Filters or ParameterFilters in a single request.");
  for (const { Key, Values } of old ?? []) {
    oneOf(Key, ["Name", "Type", "KeyId"], "filters.key", invalid);
    lengthBetween(Values, 1, 50, "filters.values", invalid);
  }
  const filters = given ?? (old ?? []).map(({ Key, Values }) => ({ Key, Option: "BeginsWith", Values }));
  for (const filter of filters) checkFilter(filter);
  return filters.map((filter) => ({
    ...filter,
    Option: filter.Option ?? (filter.Key === "Path" ? "OneLevel" : "Equals"),
  }));
}

function checkFilter({ Key = "", Option, Values }: ParameterStringFilter): void {
  const isTag = Key.startsWith("tag:") && Key.length > 4;
  const allowed = isTag ? ["Equals", "BeginsWith"] : Object.hasOwn(options, Key) ? options[Key] : undefined;
  if (!allowed) throw new ServiceError("InvalidFilterKey", `${Key} is not a valid filter key.`);
  if (Option !== undefined && !allowed.includes(Option))
    throw new ServiceError(
      "InvalidFilterOption",
      `${Option} is not a valid option of ${Key}: use ${allowed.join(", ")}.`,
    );
  lengthBetween(Values, isTag ? 0 : 1, 50, "parameterFilters.values", invalid);
  if (!isTag && (Values === undefined || Values.length === 0))
    throw new ServiceError("InvalidFilterValue", `A filter of ${Key} needs Values.`);
  for (const value of Values ?? []) {
    lengthBetween(value, 1, 1024, "parameterFilters.values", invalid);
    if (Key === "Path" && !value.startsWith("/"))
      throw new ServiceError(
        "InvalidFilterValue",
        `A path begins with a slash, found ${JSON.stringify(value)}.`,
      );
  }
}

/** True when a parameter fits every filter; the values of one are alternatives. */
export function fits(parameter: Parameter, filters: readonly ParameterStringFilter[]): boolean {
  return filters.every(({ Key = "", Option = "Equals", Values = [] }) => {
    const texts = textsOf(parameter, Key);
    if (Key.startsWith("tag:") && Values.length === 0) return texts.length > 0;
    return Values.some((value) => texts.some((text) => fitsText(text, value, Option)));
  });
}

function fitsText(text: string, value: string, option: string): boolean {
  switch (option) {
    case "BeginsWith":
      return text.startsWith(value);
    case "Contains":
      return text.includes(value);
    case "Recursive":
      return isBelow(text, value);
    case "OneLevel":
      return isBelow(text, value) && !text.slice(withSlash(value).length).includes("/");
    default:
      // A name may be given with or without the slash of the root.
      return text === value || (!text.slice(1).includes("/") && text === value.replace(/^\//, ""));
  }
}

/** True when a name lies in the hierarchy of a path. */
export function isBelow(name: string, path: string): boolean {
  return name.startsWith("/") && name.startsWith(withSlash(path));
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

function textsOf(parameter: Parameter, key: string): string[] {
  const { type, keyId, tier, dataType } = newest(parameter);
  switch (key) {
    case "Name":
    case "Path":
      return [parameter.name];
    case "Type":
      return [type];
    case "KeyId":
      return keyId === undefined ? [] : [keyId];
    case "Tier":
      return [tier];
    case "DataType":
      return [dataType];
    case "Label":
      return parameter.versions.flatMap(({ labels }) => [...labels]);
    default: {
      const value = parameter.tags.get(key.slice("tag:".length));
      return value === undefined ? [] : [value];
    }
  }
}
