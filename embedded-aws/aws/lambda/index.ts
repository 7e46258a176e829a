import * as sdk from "@aws-sdk/client-lambda";
import { operation, type Operation, type PolicyStatement, type Service } from "../service";
import type { World } from "../world";
import { aliasOperations } from "./alias-operations";
import { parseFunctionName } from "./function";
import { functionOperations } from "./function-operations";
import { Functions } from "./functions";
import { invocationOperations } from "./invocation-operations";
import { Mappings, mappingOperations } from "./mapping-operations";
import { permissionOperations } from "./permission-operations";

/** AWS Lambda: functions from archives, invocation, event source mappings of queues. */
export class Lambda implements Service {
  readonly prefix = "lambda";
  readonly sdk = sdk;
  readonly #functions: Functions;
  readonly #mappings: Mappings;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(world: World) {
    this.#functions = new Functions(world);
    this.#mappings = new Mappings(world);
    this.operations = {
      ...functionOperations(this.#functions),
      ...aliasOperations(this.#functions),
      ...invocationOperations(this.#functions),
      ...permissionOperations(this.#functions),
      ...mappingOperations(this.#functions, this.#mappings),
      ListTags: this.#listTags(),
    };
  }

  /** The functions of a world. */
  static of(world: World): Lambda {
    return world.serviceAs("lambda", Lambda);
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const found = this.#functions.named(parseFunctionName(resourceArn)?.name ?? "");
    return found && [...found.statements.values()];
  }

  /**
   * Ends the containers of a function as a crash of the machine would: their memory is gone, an invocation under
   * way fails. For faults and for judging; no operation of AWS.
   */
  async crash(functionName: string): Promise<void> {
    await this.#functions.named(functionName)?.containers.stop();
  }

  /** The deployment package of a function, for tests that look into it. */
  archive(functionName: string): Uint8Array | undefined {
    return this.#functions.named(functionName)?.zip;
  }

  async stop(): Promise<void> {
    for (const mapping of this.#mappings.all()) mapping.stop();
    await Promise.all([...this.#functions.all()].map((f) => f.containers.stop()));
  }

  #listTags(): Operation {
    return operation<sdk.ListTagsRequest, sdk.ListTagsResponse>({
      access: "read",
      authorize: (input) => ({ resource: input.Resource ?? "" }),
      handle: ({ Resource = "" }) => {
        const uuid = /:event-source-mapping:(.+)$/.exec(Resource)?.[1];
        const { tags } = uuid === undefined ? this.#functions.find(Resource) : this.#mappings.find(uuid);
        return { Tags: { ...tags } };
      },
    });
  }
}
