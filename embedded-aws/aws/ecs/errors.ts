import { ServiceError } from "../errors";

/** A parameter that ECS refuses. */
export function invalidParameter(message: string): ServiceError {
  return new ServiceError("InvalidParameterException", message);
}

/** ECS's general "the client is wrong", which RegisterTaskDefinition and others use. */
export function clientException(message: string): ServiceError {
  return new ServiceError("ClientException", message);
}

/** No such cluster. */
export function clusterNotFound(): ServiceError {
  return new ServiceError("ClusterNotFoundException", "Cluster not found.");
}

/** No such service in the cluster. */
export function serviceNotFound(): ServiceError {
  return new ServiceError("ServiceNotFoundException", "Service not found.");
}

/** The service exists but was deleted. */
export function serviceNotActive(): ServiceError {
  return new ServiceError("ServiceNotActiveException", "Service was not ACTIVE.");
}
