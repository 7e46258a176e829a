import { ServiceError } from "../errors";
import type { Fault } from "./check";
import type { ProtocolName } from "./model";

/**
 * How services word what the platform in front of them refuses. AWS's front ends differ by protocol, and a few
 * services have words of their own.
 */

/** IAM said no. `message` is IAM's own sentence. */
export function accessDenied(prefix: string, protocol: ProtocolName, message: string): ServiceError {
  switch (prefix) {
    case "ec2":
      return new ServiceError("UnauthorizedOperation", message, 403);
    case "sns":
      return new ServiceError("AuthorizationError", message, 403);
    case "sqs":
      return new ServiceError("AccessDenied", message, 403);
  }
  if (protocol === "query" || protocol === "rest-xml") return new ServiceError("AccessDenied", message, 403);
  return new ServiceError("AccessDeniedException", message, protocol === "rest-json" ? 403 : 400);
}

/** The access key is nobody's. */
export function unknownCaller(protocol: ProtocolName): ServiceError {
  const message = "The security token included in the request is invalid.";
  if (protocol === "rest-xml")
    return new ServiceError(
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
      403,
    );
  if (protocol === "query" || protocol === "ec2")
    return new ServiceError("InvalidClientTokenId", message, 403);
  return new ServiceError("UnrecognizedClientException", message, protocol === "rest-json" ? 403 : 400);
}

/** The request carries no signature. */
export function missingCaller(protocol: ProtocolName): ServiceError {
  const message = "Request is missing Authentication Token";
  if (protocol === "rest-xml") return new ServiceError("AccessDenied", "Access Denied", 403);
  if (protocol === "query" || protocol === "ec2")
    return new ServiceError("MissingAuthenticationToken", message, 403);
  return new ServiceError(
    "MissingAuthenticationTokenException",
    message,
    protocol === "rest-json" ? 403 : 400,
  );
}

/** AWS has no such operation. */
export function unknownOperation(protocol: ProtocolName, what: string): ServiceError {
  if (protocol === "query" || protocol === "ec2")
    return new ServiceError("InvalidAction", `The action ${what} is not valid for this web service.`, 400);
  if (protocol === "rest-xml")
    return new ServiceError("MethodNotAllowed", `The specified method is not allowed: ${what}`, 405);
  return new ServiceError("UnknownOperationException", `AWS has no operation ${what}`, 400);
}

/** The input does not fit the service's model. */
export function invalidInput(prefix: string, protocol: ProtocolName, faults: readonly Fault[]): ServiceError {
  const [first] = faults;
  const where = (fault: Fault) => fault.path || "the input";
  const mistyped = faults.find((fault) => fault.kind === "type");
  if (mistyped && protocol !== "query" && protocol !== "ec2")
    return new ServiceError(
      protocol === "rest-xml" ? "MalformedXML" : "SerializationException",
      `${where(mistyped)} is not a ${mistyped.wanted}`,
    );
  if (mistyped)
    return new ServiceError(
      protocol === "ec2" ? "InvalidParameterValue" : "MalformedInput",
      `${where(mistyped)} is not a ${mistyped.wanted}`,
    );
  const message =
    `${faults.length} validation error${faults.length === 1 ? "" : "s"} detected: ` +
    faults
      .map((fault) =>
        fault.kind === "missing"
          ? `Value null at '${where(fault)}' failed to satisfy constraint: Member must not be null`
          : `Member '${where(fault)}' is not known`,
      )
      .join("; ");
  switch (prefix) {
    case "ecs":
      return new ServiceError("InvalidParameterException", `${where(first!)} cannot be blank.`);
    case "sqs":
      return new ServiceError(
        "MissingRequiredParameterException",
        `The request must contain the parameter ${where(first!)}.`,
      );
    case "ec2":
      return new ServiceError("MissingParameter", `The request must contain the parameter ${where(first!)}.`);
    case "s3":
      return new ServiceError("InvalidRequest", message);
    case "lambda":
      return new ServiceError("InvalidParameterValueException", message);
  }
  return new ServiceError(protocol === "query" ? "ValidationError" : "ValidationException", message);
}

/** Too many calls. */
export function throttled(prefix: string, protocol: ProtocolName): ServiceError {
  switch (prefix) {
    case "s3":
      return new ServiceError("SlowDown", "Please reduce your request rate.", 503);
    case "lambda":
      return new ServiceError("TooManyRequestsException", "Rate exceeded", 429, {
        Reason: "CallerRateLimitExceeded",
      });
    case "ec2":
      return new ServiceError("RequestLimitExceeded", "Request limit exceeded.", 503);
    case "sqs":
      return new ServiceError("RequestThrottled", "Request is throttled.", 403);
  }
  if (protocol === "query") return new ServiceError("Throttling", "Rate exceeded", 400);
  return new ServiceError("ThrottlingException", "Rate exceeded", 400);
}

/** The service failed by itself; worth another try. */
export function serviceFailure(prefix: string): ServiceError {
  switch (prefix) {
    case "ecs":
      return new ServiceError("ServerException", "Service Unavailable. Please try again later.", 500);
    case "secretsmanager":
      return new ServiceError("InternalServiceError", "An error occurred on the server side.", 500);
    case "ssm":
      return new ServiceError("InternalServerError", "An error occurred on the server side.", 500);
    case "events":
      return new ServiceError("InternalException", "This exception occurs due to unexpected causes.", 500);
    case "lambda":
      return new ServiceError("ServiceException", "Service encountered an internal error.", 500);
    case "s3":
      return new ServiceError("InternalError", "We encountered an internal error. Please try again.", 500);
  }
  return new ServiceError(
    "InternalFailure",
    "The request processing has failed because of an unknown error.",
    500,
  );
}
