/**
 * An error that a service answers with. The wire turns it into what the real SDK client throws as its own
 * class; everything else that is thrown is a mistake of ours and answers 500.
 */
export class ServiceError extends Error {
  /**
   * @param code the error's name in the service's model (`ResourceNotFoundException`, `NoSuchBucket`)
   * @param message as AWS words it, as far as known
   * @param status HTTP status; the model's own where the schema knows it, else this
   * @param members further members of the error's shape
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = code;
  }
}

/** An operation (or an option of one) that the embedded AWS does not have: 501, naming it; 500 is retried. */
export function notImplemented(what: string): ServiceError {
  return new ServiceError(
    "NotImplemented",
    `${what} is not implemented by the embedded AWS: see embedded-aws/README.md for what is`,
    501,
  );
}

/** Codes that SQS had in its query protocol for what it refuses without a shape of its own. */
const queryCodes: Readonly<Record<string, string>> = {
  InvalidParameterValueException: "InvalidParameterValue",
  MissingRequiredParameterException: "MissingParameter",
};

/** The code of an error in the query protocol, which older clients and the entries of a batch still show. */
export function queryCodeOf(code: string): string {
  return queryCodes[code] ?? code;
}
