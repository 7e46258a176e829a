/**
 * Every place of a task definition or service that refers to a secret or parameter. The shapes are structural, so
 * that the SDK's answers, the embedded AWS's records and a policy pack's plain graph fit alike. Plain functions on
 * plain data: this file is captured by the deployed callback.
 *
 * Sources: Amazon ECS API Reference, `ContainerDefinition`, `LogConfiguration`, `RepositoryCredentials`, `Volume`,
 * `ServiceConnectConfiguration`.
 */
import { parseReference } from "./secret-reference";
import type { InvalidReference, Reference } from "./secret-reference";
import type { Place } from "./arn";

/** A name and the secret that it gets its value from. */
export interface NamedValue {
  readonly name?: string | undefined;
  readonly valueFrom?: string | undefined;
}

/** A log driver's configuration, as far as it can hold secrets. */
export interface LogConfigurationLike {
  readonly secretOptions?: readonly NamedValue[] | undefined;
}

/** A container definition, as far as it can refer to secrets. */
export interface ContainerDefinitionLike {
  readonly name?: string | undefined;
  readonly secrets?: readonly NamedValue[] | undefined;
  readonly logConfiguration?: LogConfigurationLike | undefined;
  readonly repositoryCredentials?: { readonly credentialsParameter?: string | undefined } | undefined;
  readonly credentialSpecs?: readonly string[] | undefined;
}

/** A volume, as far as it can refer to secrets. */
export interface VolumeLike {
  readonly name?: string | undefined;
  readonly fsxWindowsFileServerVolumeConfiguration?:
    | { readonly authorizationConfig?: { readonly credentialsParameter?: string | undefined } | undefined }
    | undefined;
}

/** A task definition, as far as it can refer to secrets. */
export interface TaskDefinitionLike {
  readonly containerDefinitions?: readonly ContainerDefinitionLike[] | undefined;
  readonly volumes?: readonly VolumeLike[] | undefined;
}

/** A service (or one deployment of it), as far as it can refer to secrets. */
export interface ServiceLike {
  readonly serviceConnectConfiguration?:
    { readonly logConfiguration?: LogConfigurationLike | undefined } | undefined;
}

/**
 * What the reference is for:
 * - `secret`: an environment variable of the container;
 * - `log-secret`: an option of the container's log driver;
 * - `service-connect-log-secret`: an option of the Service Connect proxy's log driver;
 * - `volume-credentials`: who mounts an FSx for Windows file system;
 * - `credential-spec`: a gMSA credential spec kept in a parameter;
 * - `repository-credentials`: read at each pull of the image, so that running tasks hold nothing of it.
 */
export type ReferenceUse =
  | "secret"
  | "log-secret"
  | "service-connect-log-secret"
  | "volume-credentials"
  | "credential-spec"
  | "repository-credentials";

/** One reference and where it stands. */
export interface FoundReference {
  /** The path, `containerDefinitions[0].secrets[1]` for instance. */
  readonly path: string;
  readonly use: ReferenceUse;
  /** The container's name; absent for volumes and for Service Connect. */
  readonly container?: string;
  /** The name of the environment variable, log option or volume. */
  readonly name?: string;
  readonly reference: Reference | InvalidReference;
}

/** The references of a task definition, in the order in which they stand there. */
export function references(taskDefinition: TaskDefinitionLike, home: Place): readonly FoundReference[] {
  return [
    ...(taskDefinition.containerDefinitions ?? []).flatMap((container, index) =>
      ofContainer(container, `containerDefinitions[${index}]`, home),
    ),
    ...(taskDefinition.volumes ?? []).flatMap((volume, index) => ofVolume(volume, `volumes[${index}]`, home)),
  ];
}

/** The references of a service itself: the log secrets of Service Connect. */
export function serviceReferences(service: ServiceLike, home: Place): readonly FoundReference[] {
  return ofNamedValues(
    service.serviceConnectConfiguration?.logConfiguration?.secretOptions,
    "serviceConnectConfiguration.logConfiguration.secretOptions",
    "service-connect-log-secret",
    undefined,
    home,
  );
}

/** True when running tasks hold what the reference gave them, so that only new tasks get a new value. */
export function isHeldByTasks(found: FoundReference): boolean {
  return found.use !== "repository-credentials";
}

function ofContainer(container: ContainerDefinitionLike, path: string, home: Place): FoundReference[] {
  const credentials = container.repositoryCredentials?.credentialsParameter;
  return [
    ...ofNamedValues(container.secrets, `${path}.secrets`, "secret", container.name, home),
    ...ofNamedValues(
      container.logConfiguration?.secretOptions,
      `${path}.logConfiguration.secretOptions`,
      "log-secret",
      container.name,
      home,
    ),
    ...(credentials === undefined
      ? []
      : [
          {
            path: `${path}.repositoryCredentials.credentialsParameter`,
            use: "repository-credentials" as const,
            container: container.name,
            reference: onlySecret(parseReference(credentials, home, "secret")),
          },
        ]),
    ...(container.credentialSpecs ?? []).flatMap((spec, index) =>
      ofCredentialSpec(spec, `${path}.credentialSpecs[${index}]`, container.name, home),
    ),
  ];
}

function ofNamedValues(
  values: readonly NamedValue[] | undefined,
  path: string,
  use: ReferenceUse,
  container: string | undefined,
  home: Place,
): FoundReference[] {
  return (values ?? []).map((value, index) => ({
    path: `${path}[${index}]`,
    use,
    container,
    name: value.name,
    reference: parseReference(value.valueFrom ?? "", home, "parameter"),
  }));
}

/** A private registry takes a secret only; an ARN of a parameter is refused when the image is pulled. */
function onlySecret(reference: Reference | InvalidReference): Reference | InvalidReference {
  return reference.service === "ssm"
    ? {
        service: "invalid",
        problem: "repository credentials must be a secret of Secrets Manager, found a parameter",
      }
    : reference;
}

/**
 * `credentialspec:ARN` or `credentialspecdomainless:ARN`, the ARN of a parameter or of an S3 object. A file in S3 is
 * not a reference to a secret; the domainless form names its secret inside the file, which this module does not read.
 */
function ofCredentialSpec(
  spec: string,
  path: string,
  container: string | undefined,
  home: Place,
): FoundReference[] {
  const arn = /^credentialspec(?:domainless)?:(arn:[^:]+:ssm:.+)$/.exec(spec)?.[1];
  return arn === undefined
    ? []
    : [
        {
          path,
          use: "credential-spec",
          container,
          reference: parseReference(arn, home, "refused"),
        },
      ];
}

function ofVolume(volume: VolumeLike, path: string, home: Place): FoundReference[] {
  const parameter = volume.fsxWindowsFileServerVolumeConfiguration?.authorizationConfig?.credentialsParameter;
  return parameter === undefined
    ? []
    : [
        {
          path: `${path}.fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter`,
          use: "volume-credentials",
          name: volume.name,
          reference: parseReference(parameter, home, "refused"),
        },
      ];
}
