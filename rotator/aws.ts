import { isRotatorError, rotatorError } from "./errors";

/** Milliseconds to connect to AWS: without a VPC endpoint or NAT gateway, packets are dropped silently. */
export const awsConnectTimeoutMs = 3_000;

/** Milliseconds that a call may take. */
export const awsRequestTimeoutMs = 10_000;

const unreachable = new Set([
  ...["TimeoutError", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH"],
  ...["ENETUNREACH", "EPIPE"],
]);

/** The rotator's error for an SDK client's. `service` as in the endpoint's name. */
export function awsFailure(error: unknown, service: "secretsmanager" | "ssm", doing: string): Error {
  if (isRotatorError(error)) return error;
  const { name = "", code = "", message = "" } = error as { name?: string; code?: string; message?: string };
  if (unreachable.has(name) || unreachable.has(code))
    return rotatorError(
      "retryable",
      "aws-unreachable",
      `${doing}: ${service === "ssm" ? "Systems Manager" : "Secrets Manager"} cannot be reached (${code || name}). Give ` +
        `the function's subnets an interface VPC endpoint (com.amazonaws.REGION.${service}) or a NAT gateway, and ` +
        `allow outbound HTTPS in its security group`,
      error,
    );
  if (name === "AccessDeniedException" || name === "AccessDenied" || /not authorized/i.test(message))
    return rotatorError("final", "aws-denied", `${doing}: ${message}`, error);
  if (name === "ResourceNotFoundException" || name === "ParameterNotFound")
    return rotatorError("final", "secret-not-found", `${doing}: ${message}`, error);
  return rotatorError("retryable", "aws-error", `${doing}: ${name}: ${message}`, error);
}
