/** The events that AWS sends when a value changes: canonical examples with another secret or parameter in them. */
import type { Place } from "../aws-semantics/arn";
import { currentStage, secretArn, type Reference } from "../aws-semantics/secret-reference";
import parameterUpdate from "./examples/parameter-update.json";
import putSecretValue from "./examples/put-secret-value-custom-stage.json";
import labelUpdated from "./examples/secret-label-updated.json";
import updateSecretVersionStage from "./examples/update-secret-version-stage.json";

/** An EventBridge event as far as a pattern can look at it. */
export type SentEvent = Readonly<Record<string, unknown>>;

/** The secret and the parameter of the canonical examples. */
const example = {
  name: labelUpdated.detail.name,
  secrets: [labelUpdated.resources[0], putSecretValue.detail.requestParameters.secretId],
  parameter: parameterUpdate.resources[0],
  labels: [labelUpdated.detail.labelUpdated, ...putSecretValue.detail.requestParameters.versionStages],
};

/**
 * The events that prove that the value of a reference changed, as the bus of `home` gets them. Where the reference does
 * not give the six random characters of a secret's ARN, the events have others.
 */
export function provingEvents(reference: Reference, home: Place): SentEvent[] {
  const isParameter = reference.service === "ssm";
  const texts = new Map<unknown, string>([
    [labelUpdated.account, home.account],
    [labelUpdated.region, home.region],
    [example.name, reference.name],
    [example.parameter, isParameter ? reference.arn : ""],
    ...example.secrets.map((id) => [id, isParameter ? "" : secretArn(reference, "AbCdEf")] as const),
    ...example.labels.map(
      (label) => [label, (!isParameter && reference.versionStage) || currentStage] as const,
    ),
  ]);
  const sent = isParameter ? [parameterUpdate] : [labelUpdated, putSecretValue, updateSecretVersionStage];
  return sent.map(
    (event) =>
      JSON.parse(JSON.stringify(event), (_, value: unknown) => texts.get(value) ?? value) as SentEvent,
  );
}
