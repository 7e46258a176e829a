import type { WireRequest, WireResponse } from "./message";
import type { OperationModel, ServiceModel } from "./model";
import type { Shape } from "./shape";

/** An error on its way out. */
export interface Failure {
  /** The name of its class in the SDK, or a code that the model does not have. */
  readonly code: string;
  /** The code in the query protocols. */
  readonly queryCode: string;
  readonly message: string;
  readonly status: number;
  readonly fault: "client" | "server";
  /** The model's shape, when the code is one of the model's. */
  readonly shape?: Shape;
  readonly members: Readonly<Record<string, unknown>>;
}

/** How one protocol reads inputs and writes outputs, from the model alone. */
export interface Protocol {
  /** The input; values of a wrong type are left for the gate to name. */
  read(model: ServiceModel, operation: OperationModel, request: WireRequest): object;
  write(model: ServiceModel, operation: OperationModel, output: object, requestId: string): WireResponse;
  fail(model: ServiceModel, failure: Failure, requestId: string): WireResponse;
}
