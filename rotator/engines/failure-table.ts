import type { FailureCode, FailureKind } from "../errors";

/** One way in which a database refuses the rotator. docs/rotation.md shows all of them. */
export interface Failure {
  readonly engine: "PostgreSQL" | "MySQL and MariaDB" | "all";
  /** SQLSTATEs of PostgreSQL, codes of MySQL and MariaDB as the driver names them, or codes of Node.js. */
  readonly codes: readonly string[];
  /** What the server's text says, where it tells apart several causes of one code. */
  readonly text?: RegExp;
  /** Whether the code means this at login only, or in a statement only. Default: at both. */
  readonly when?: "login" | "statement";
  readonly kind: FailureKind;
  readonly code: FailureCode;
  /** A clause; the server's own text follows it in parentheses. */
  readonly cause: string;
  /** A sentence without its full stop. */
  readonly remedy: string;
}

const postgres = { engine: "PostgreSQL" } as const;
const mysql = { engine: "MySQL and MariaDB" } as const;

/**
 * What the codes of databases mean, the first row that fits before the others (PostgreSQL documentation, appendix A;
 * MySQL 8.4 Error Message Reference; MariaDB Error Codes).
 */
export const failures = {
  pooler: {
    ...postgres,
    // 0A000: Amazon RDS Proxy.
    codes: ["08P01", "0A000"],
    when: "login",
    kind: "final",
    code: "invalid-secret",
    cause: "the host is a connection pooler, such as PgBouncer, and the rotator needs the database itself",
    remedy:
      "Set host and port in the secret to the database's own, and give the application the pooler's address elsewhere",
  },
  postgresPassword: {
    ...postgres,
    codes: ["28P01"],
    kind: "final",
    code: "login-refused",
    cause: "the password is wrong, or the role is past its VALID UNTIL; the server does not say which",
    remedy: "Correct the password in the secret or in the database, or extend VALID UNTIL (ALTER ROLE)",
  },
  postgresExpired: {
    ...postgres,
    // Found in pg_roles: at login the server answers as to a wrong password.
    codes: [],
    kind: "final",
    code: "account-unusable",
    cause: "the role is past its VALID UNTIL, or the one that both users share is",
    remedy: "Extend it on the original (ALTER ROLE ... VALID UNTIL), and rotate again",
  },
  postgresNoLogin: {
    ...postgres,
    codes: ["28000"],
    text: /not permitted to log in/,
    kind: "final",
    code: "account-unusable",
    cause: "the role may not log in (NOLOGIN)",
    remedy: "Run ALTER ROLE ... LOGIN if the login was not taken away on purpose, and rotate again",
  },
  postgresWithoutTls: {
    ...postgres,
    codes: ["28000"],
    text: /no pg_hba\.conf entry.*no encryption/,
    kind: "final",
    code: "not-admitted",
    cause: "pg_hba.conf admits no connection without TLS for this host, user and database",
    remedy: "Set tls to verify, or add the host to pg_hba.conf",
  },
  postgresNotAdmitted: {
    ...postgres,
    codes: ["28000"],
    text: /pg_hba\.conf/,
    kind: "final",
    code: "not-admitted",
    cause: "pg_hba.conf does not admit this host, user and database",
    remedy: "Add an entry for the function's subnets, with the method scram-sha-256, to pg_hba.conf",
  },
  postgresOtherMethod: {
    ...postgres,
    codes: ["28000"],
    kind: "final",
    code: "account-unusable",
    cause: "the server checks this user by another method than a password",
    remedy:
      'Let pg_hba.conf ask for a password, or rotate this user with a function of your own (kind "function")',
  },
  postgresNoDatabase: {
    ...postgres,
    codes: ["3D000"],
    kind: "final",
    code: "database-error",
    cause: "the database does not exist",
    remedy: "Correct dbname in the secret, or create the database",
  },
  postgresNoConnect: {
    ...postgres,
    codes: ["42501"],
    when: "login",
    kind: "final",
    code: "missing-right",
    cause: "the user may not connect to this database",
    remedy: "Run GRANT CONNECT ON DATABASE, or correct dbname in the secret",
  },
  postgresRoleConnections: {
    ...postgres,
    codes: ["53300"],
    text: /for role "/,
    kind: "retryable",
    code: "busy",
    cause: "the role has as many connections as its CONNECTION LIMIT allows",
    remedy: "Raise the limit (ALTER ROLE), or rotate later: the rotator needs one connection for itself",
  },
  postgresDatabaseConnections: {
    ...postgres,
    codes: ["53300"],
    text: /for database/,
    kind: "retryable",
    code: "busy",
    cause: "the database has as many connections as its CONNECTION LIMIT allows",
    remedy: "Raise the limit (ALTER DATABASE), or rotate later",
  },
  postgresConnections: {
    ...postgres,
    codes: ["53300"],
    kind: "retryable",
    code: "busy",
    cause: "the server has no connection left",
    remedy: "Close connections or raise max_connections, or rotate later",
  },
  postgresStarting: {
    ...postgres,
    codes: ["57P03"],
    kind: "retryable",
    code: "database-unreachable",
    cause: "the server starts, stops or recovers",
    remedy: "Rotate later",
  },
  postgresEnded: {
    ...postgres,
    codes: ["57P01"],
    kind: "retryable",
    code: "database-unreachable",
    cause: "the server ended the session",
    remedy: "Rotate later",
  },
  postgresRight: {
    ...postgres,
    codes: ["42501"],
    when: "statement",
    kind: "final",
    code: "missing-right",
    cause: "the user lacks a right",
    remedy: "Grant it, and rotate again",
  },
  postgresReadOnly: {
    ...postgres,
    codes: ["25006"],
    kind: "retryable",
    code: "read-only",
    cause: "the server takes no changes: it is a replica, or fails over",
    remedy: "Set the writer's host in the secret, or rotate later",
  },
  postgresLock: {
    ...postgres,
    codes: ["55P03", "40P01"],
    kind: "retryable",
    code: "busy",
    cause: "another session holds a lock that the rotation needs",
    remedy: "Rotate later, or end the transaction that holds it",
  },
  postgresChanged: {
    ...postgres,
    codes: ["XX000"],
    text: /concurrently (updated|deleted)/,
    kind: "retryable",
    code: "busy",
    cause: "another session changed the same role at the same time",
    remedy: "Rotate later",
  },
  postgresCanceled: {
    ...postgres,
    codes: ["57014"],
    kind: "retryable",
    code: "busy",
    cause: "the statement took too long, or was canceled",
    remedy: "Rotate later",
  },
  mysqlNoPassword: {
    ...mysql,
    codes: ["ER_ACCESS_DENIED_NO_PASSWORD_ERROR"],
    when: "login",
    kind: "final",
    code: "login-refused",
    cause: "the account logs in without a password, through the server's socket only",
    remedy: "Give the account a password",
  },
  mysqlPassword: {
    ...mysql,
    codes: ["ER_ACCESS_DENIED_ERROR"],
    when: "login",
    kind: "final",
    code: "login-refused",
    cause: "the password is wrong, or no account of this name is for this host",
    remedy: "Correct the password in the secret, or in the database",
  },
  mysqlLocked: {
    ...mysql,
    // MariaDB's 4151, ER_ACCOUNT_HAS_BEEN_LOCKED there: the driver knows the names of MySQL's codes only.
    codes: ["ER_ACCOUNT_HAS_BEEN_LOCKED", "ER_BULK_PARSER_INCOMPLETE_ESCAPE_SEQUENCE"],
    kind: "final",
    code: "account-unusable",
    cause: "the account is locked",
    remedy: "Unlock it (ALTER USER ... ACCOUNT UNLOCK) if it was not locked on purpose, and rotate again",
  },
  mysqlExpired: {
    ...mysql,
    codes: ["ER_MUST_CHANGE_PASSWORD_LOGIN", "ER_MUST_CHANGE_PASSWORD"],
    kind: "final",
    code: "account-unusable",
    cause: "the password is right, but has expired",
    remedy:
      "Set the same password again (ALTER USER ... IDENTIFIED BY), and let it expire later than the next rotation",
  },
  mysqlPlugin: {
    ...mysql,
    codes: ["AUTH_SWITCH_PLUGIN_ERROR"],
    kind: "final",
    code: "account-unusable",
    cause: "the account logs in by a plugin that the rotator does not have",
    remedy:
      "Change the account's plugin to mysql_native_password, or rotate it with a function of your own " +
      '(kind "function")',
  },
  mysqlNoDatabaseRight: {
    ...mysql,
    codes: ["ER_DBACCESS_DENIED_ERROR"],
    when: "login",
    kind: "final",
    code: "missing-right",
    cause: "the user has no right on this database",
    remedy: "Grant the user a right on this database, or correct dbname in the secret",
  },
  mysqlNoDatabase: {
    ...mysql,
    codes: ["ER_BAD_DB_ERROR"],
    kind: "final",
    code: "database-error",
    cause: "the database does not exist",
    remedy: "Correct dbname in the secret, or create the database",
  },
  mysqlConnections: {
    ...mysql,
    codes: ["ER_CON_COUNT_ERROR"],
    kind: "retryable",
    code: "busy",
    cause: "the server has no connection left",
    remedy: "Close connections or raise max_connections, or rotate later",
  },
  mysqlUserConnections: {
    ...mysql,
    codes: ["ER_TOO_MANY_USER_CONNECTIONS", "ER_USER_LIMIT_REACHED"],
    kind: "retryable",
    code: "busy",
    cause: "the account has used what its limits allow",
    remedy:
      "Raise the account's limit (ALTER USER ... WITH MAX_USER_CONNECTIONS, or its limit per hour), or rotate later: " +
      "the rotator needs one connection for itself",
  },
  mysqlRight: {
    ...mysql,
    codes: [
      ...["ER_ACCESS_DENIED_ERROR", "ER_DBACCESS_DENIED_ERROR", "ER_TABLEACCESS_DENIED_ERROR"],
      ...["ER_COLUMNACCESS_DENIED_ERROR", "ER_PROCACCESS_DENIED_ERROR", "ER_SPECIFIC_ACCESS_DENIED_ERROR"],
      ...["ER_ACCESS_DENIED_CHANGE_USER_ERROR"],
    ],
    when: "statement",
    kind: "final",
    code: "missing-right",
    cause: "the user lacks a right",
    remedy: "Grant it, and rotate again",
  },
  mysqlPasswordRules: {
    ...mysql,
    codes: ["ER_NOT_VALID_PASSWORD", "ER_CREDENTIALS_CONTRADICT_TO_HISTORY"],
    kind: "final",
    code: "password-refused",
    cause: "the server refuses the new password",
    remedy: "Change the rotator's setting password (length, classes) to match the server's rules",
  },
  mysqlReadOnly: {
    ...mysql,
    codes: ["ER_OPTION_PREVENTS_STATEMENT"],
    kind: "retryable",
    code: "read-only",
    cause: "the server takes no changes: it is a replica, or fails over",
    remedy: "Set the writer's host in the secret, or rotate later",
  },
  mysqlLock: {
    ...mysql,
    codes: ["ER_LOCK_WAIT_TIMEOUT"],
    kind: "retryable",
    code: "busy",
    cause: "another session holds a lock that the rotation needs",
    remedy: "Rotate later, or end the transaction that holds it",
  },
  mysqlStatementTime: {
    ...mysql,
    // MariaDB's ER_STATEMENT_TIMEOUT, a code that MySQL does not have.
    codes: ["1969"],
    kind: "retryable",
    code: "busy",
    cause: "the statement took longer than the server or the account allows",
    remedy: "Raise max_statement_time of the server, or MAX_STATEMENT_TIME of this user, or rotate later",
  },
  mysqlInterrupted: {
    ...mysql,
    codes: ["ER_QUERY_INTERRUPTED"],
    kind: "retryable",
    code: "busy",
    cause: "the statement was canceled",
    remedy: "Rotate later",
  },
  certificateName: {
    engine: "all",
    codes: ["ERR_TLS_CERT_ALTNAME_INVALID"],
    kind: "final",
    code: "certificate-refused",
    cause: "the server's certificate is for another name",
    remedy: "Set the host to a name that the certificate has; that of Amazon RDS has the instance's endpoint",
  },
  certificateAuthority: {
    engine: "all",
    codes: ["UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    kind: "final",
    code: "certificate-refused",
    cause: "the server's certificate is not trusted",
    remedy:
      "Name a file with its certificate authority in the setting tlsAuthorities; without it those of Amazon RDS are " +
      "trusted",
  },
  noTls: {
    engine: "all",
    codes: ["HANDSHAKE_NO_SSL_SUPPORT"],
    kind: "final",
    code: "tls-not-offered",
    cause: "the server offers no TLS",
    remedy: "Enable it on the server, or set tls to disable",
  },
  unreachable: {
    engine: "all",
    codes: [
      ...["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
      ...["EPIPE", "PROTOCOL_CONNECTION_LOST"],
    ],
    kind: "retryable",
    code: "database-unreachable",
    cause: "the database cannot be reached",
    remedy: "Put the function into the database's subnets, and let its security group into the database's",
  },
} as const satisfies Readonly<Record<string, Failure>>;

/** The name of a row. */
export type FailureName = keyof typeof failures;
