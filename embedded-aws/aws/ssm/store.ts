import type { ParameterTier, ParameterType } from "@aws-sdk/client-ssm";
import { parameterArn } from "../../../aws-semantics/secret-reference";
import { ServiceError } from "../errors";
import { History } from "../history";
import type { World } from "../world";
import type { Move } from "../secrets-manager/store";

/** One version of a parameter. Times in milliseconds since the epoch. */
export interface ParameterVersion {
  readonly version: number;
  /** Never log it. */
  readonly value: string;
  readonly type: ParameterType;
  readonly keyId?: string;
  readonly tier: ParameterTier;
  readonly dataType: string;
  readonly description?: string;
  readonly allowedPattern?: string;
  /** Policies as they were given, a JSON list. */
  readonly policies?: string;
  readonly modified: number;
  readonly modifiedBy: string;
  readonly labels: Set<string>;
}

/** A parameter with its versions, oldest first. */
export interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly tags: Map<string, string>;
  readonly versions: ParameterVersion[];
}

/** AWS Systems Manager endpoints and quotas, "Parameter Store". */
const mostVersions = 100;
const longestStalenessMs = 10 * 60_000;

/** The parameters of an account in a Region. */
export class ParameterStore {
  readonly #byName = new Map<string, Parameter>();
  readonly #histories = new WeakMap<Parameter, History<ParameterVersion>>();
  /** Every new value, in order: the truth that tests judge by. */
  readonly moves: Move[] = [];

  constructor(readonly world: World) {}

  /** All parameters, by name. */
  get all(): Parameter[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** `/a/b` has the ARN `...:parameter/a/b`, `foo` has `...:parameter/foo`. */
  arnOf(name: string): string {
    if (name.startsWith("arn:")) return name;
    const { partition, region, account } = this.world;
    return parameterArn(name, { partition, region, account });
  }

  /** The parameter by name or ARN; undefined when there is none. */
  find(nameOrArn: string): Parameter | undefined {
    if (!nameOrArn.startsWith("arn:")) return this.#byName.get(nameOrArn);
    const rest = nameOrArn.split(":parameter/")[1] ?? "";
    return [rest, `/${rest}`].map((name) => this.#byName.get(name)).find((found) => found?.arn === nameOrArn);
  }

  /** The parameter, or ParameterNotFound. */
  get(nameOrArn: string): Parameter {
    const parameter = this.find(nameOrArn);
    if (!parameter) throw new ServiceError("ParameterNotFound", `Parameter ${nameOrArn} not found.`);
    return parameter;
  }

  /** Makes a parameter or its next version; readers get the new value from now on. */
  write(name: string, made: Omit<ParameterVersion, "version" | "labels">): Parameter {
    let parameter = this.#byName.get(name);
    const isNew = parameter === undefined;
    if (!parameter) {
      parameter = { name, arn: this.arnOf(name), tags: new Map(), versions: [] };
      this.#byName.set(name, parameter);
      this.#histories.set(parameter, new History(longestStalenessMs));
    }
    const { versions } = parameter;
    const [oldest] = versions;
    if (oldest && versions.length >= mostVersions) {
      if (oldest.labels.size > 0)
        throw new ServiceError(
          "ParameterMaxVersionLimitExceeded",
          `The oldest version of ${name} has a label and cannot make room: move the label to a newer version.`,
        );
      versions.shift();
    }
    const version: ParameterVersion = {
      ...made,
      version: (versions.at(-1)?.version ?? 0) + 1,
      labels: new Set(),
    };
    versions.push(version);
    this.#histories.get(parameter)!.record(made.modified, version);
    this.moves.push({ subjectArn: parameter.arn, versionId: String(version.version), time: made.modified });
    this.tell(parameter, isNew ? "Create" : "Update");
    return parameter;
  }

  delete(parameter: Parameter): void {
    this.#byName.delete(parameter.name);
    this.tell(parameter, "Delete");
  }

  /** The newest version as it was at a time, for an eventually consistent read. */
  versionAt(parameter: Parameter, timeMs: number): ParameterVersion {
    return this.#histories.get(parameter)?.at(timeMs) ?? newest(parameter);
  }

  /** Says on the bus that a parameter changed. */
  tell(parameter: Parameter, operation: "Create" | "Update" | "Delete" | "LabelParameterVersion"): void {
    this.world.emit({
      source: "aws.ssm",
      "detail-type": "Parameter Store Change",
      resources: [parameter.arn],
      detail: { name: parameter.name, type: newest(parameter).type, operation },
    });
  }
}

/** The version that a read without a selector gets. */
export function newest(parameter: Parameter): ParameterVersion {
  return parameter.versions.at(-1)!;
}
