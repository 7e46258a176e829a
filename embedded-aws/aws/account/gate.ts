import { withPageSize } from "./pages";
import { invalidInput, throttled } from "../wire/refusals";
import type { Authorization, Call, Service } from "../service";
import { Throttling } from "./throttling";
import { faultsOf, type Fault } from "../wire/check";
import { ServiceModel, type OperationModel } from "../wire/model";
import type { Gate, World } from "../world";
import { Iam } from "../iam";

/** The gate of every world: AWS's own schemas on both sides of an operation, IAM between, drawn faults last. */
export class StandardGate implements Gate {
  readonly #throttling = new Throttling();

  constructor(private readonly world: World) {}

  checkInput(service: Service, operation: string, input: object): void {
    const model = ServiceModel.of(service.sdk);
    const faults = faultsOf(modelOf(service, operation).input, input);
    if (faults.length > 0) throw invalidInput(service.prefix, model.protocol, faults);
  }

  checkOutput(service: Service, operation: string, output: object): void {
    const faults = faultsOf(modelOf(service, operation).output, output);
    if (faults.length > 0)
      throw new Error(
        `${service.prefix}:${operation} answered what AWS's model does not allow: ${faults.map(describe).join("; ")}`,
      );
  }

  authorize(call: Call, requests: readonly Authorization[]): void {
    Iam.of(this.world).authorize(call, requests);
  }

  prepare(service: Service, operation: string, input: object): object {
    const { pageSize } = this.world.conduct;
    // Their smallest pages are 20 and 5, and they refuse a page size beside a list of ids.
    if (pageSize === undefined || service.prefix === "rds" || service.prefix === "ec2") return input;
    return withPageSize(modelOf(service, operation), input, pageSize);
  }

  fault(call: Call): void | Promise<void> {
    const { throttling, fault } = this.world.conduct;
    if (throttling && this.#throttling.isOneTooMany(call))
      throw throttled(call.service, ServiceModel.of(this.world.service(call.service).sdk).protocol);
    return fault?.(call);
  }
}

function modelOf(service: Service, operation: string): OperationModel {
  const model = ServiceModel.of(service.sdk).operation(operation);
  if (!model) throw new Error(`${service.prefix} has an operation ${operation} that AWS does not have`);
  return model;
}

function describe({ kind, path, wanted }: Fault): string {
  const where = path || "the answer";
  if (kind === "missing") return `${where} is missing`;
  return kind === "unknown" ? `${where} is not in the model` : `${where} is not a ${wanted}`;
}
