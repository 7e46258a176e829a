import { ServiceError } from "../errors";

/** A parameter has a value that RDS refuses (Amazon RDS API Reference, "Common Errors"). */
export function invalidValue(message: string): ServiceError {
  return new ServiceError("InvalidParameterValue", message);
}

/** Parameters that exclude each other, or one that needs another. */
export function invalidCombination(message: string): ServiceError {
  return new ServiceError("InvalidParameterCombination", message);
}

/** No such instance. */
export function instanceNotFound(identifier: string): ServiceError {
  return new ServiceError("DBInstanceNotFound", `DBInstance ${identifier} not found.`, 404);
}

/** No such subnet group. */
export function subnetGroupNotFound(name: string): ServiceError {
  return new ServiceError("DBSubnetGroupNotFoundFault", `DB subnet group '${name}' does not exist.`, 404);
}
