"""Drives a session with boto3 over every service of an embedded AWS, and judges each answer by botocore's models.

Reads the endpoint and the credentials from the environment, as `npm run local` prints them. Prints one JSON object:
  services  by service: the calls, and the operations that were answered without an error
  outside   answers that the models do not have, in words
  unexpected  calls that were answered with another error, or with none, than the session expects
  spoiled   answers that were spoiled on purpose, and whether that was found
"""

import io
import json
import sys
import time
import zipfile

import boto3
import botocore.config
import botocore.exceptions
import botocore.session

import answers
import spoil

REGION, ACCOUNT = "eu-west-1", "123456789012"


class Account:
    """Clients of every service, whose answers are judged and counted."""

    def __init__(self):
        self.services = {}
        self.outside = []
        self.unexpected = []
        self.samples = {}
        self._clients = {}

    def call(self, service, operation, expect=None, protocol=None, /, **arguments):
        """One call. `expect` is the code of the error that AWS answers with; none when it succeeds."""
        client = self._client(service, protocol)
        method = botocore.xform_name(operation)
        try:
            answer = getattr(client, method)(**arguments)
            code = None
        except botocore.exceptions.ClientError as error:
            answer, code = error.response, error.response["Error"]["Code"]
        if code is None:
            self.services[service]["operations"].add(operation)
        if code != expect:
            message = answer.get("Error", {}).get("Message", "")
            self.unexpected.append(f"{service} {operation} {arguments}: {code} {message}, expected {expect}")
        return answer

    def until(self, holds, service, operation, /, **arguments):
        """Calls until the answer is as wanted."""
        deadline = time.monotonic() + 60
        while True:
            answer = self.call(service, operation, **arguments)
            if holds(answer):
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} {operation} {arguments}: {answer}")
            time.sleep(0.1)

    def _client(self, service, protocol):
        key = (service, protocol)
        if key not in self._clients:
            session = botocore.session.get_session()
            if protocol:
                prefer(session, protocol)
            client = boto3.Session(botocore_session=session).client(
                service,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1},
                    parameter_validation=False,
                    s3={"addressing_style": "path"},
                ),
            )
            client.meta.events.register("before-parse", self._judge)
            self._clients[key] = client
            self.services.setdefault(service, {"calls": 0, "operations": set()})
        return self._clients[key]

    def _judge(self, operation_model, response_dict, **_):
        service = operation_model.service_model.service_name
        self.services[service]["calls"] += 1
        answer = {**response_dict, "headers": dict(response_dict["headers"])}
        if hasattr(answer["body"], "read"):
            answer["body"] = b""  # a stream: the model says nothing of it
        for problem in answers.problems_of(operation_model, answer):
            self.outside.append(f"{service} {operation_model.name} {answer['status_code']} {problem}")
        self._keep(operation_model, answer)

    def _keep(self, operation, answer):
        """The largest answer of each service, protocol and kind: there is most to spoil in it."""
        model = operation.service_model
        key = (model.service_name, model.resolved_protocol, answer["status_code"] >= 300)
        kept = self.samples.get(key)
        if kept is None or len(answer["body"]) > len(kept[1]["body"]):
            self.samples[key] = (operation, answer)


def prefer(session, protocol):
    """Makes the models of a session offer one protocol only, where a service speaks several."""
    loader = session.get_component("data_loader")
    load = loader.load_service_model

    def load_one(*arguments, **more):
        model = load(*arguments, **more)
        if protocol in model.get("metadata", {}).get("protocols", []):
            metadata = {**model["metadata"], "protocol": protocol, "protocols": [protocol]}
            return {**model, "metadata": metadata}
        return model

    loader.load_service_model = load_one


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def sts(account):
    role = f"arn:aws:iam::{ACCOUNT}:role/botocore"
    trust = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": ACCOUNT, "Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    account.call("iam", "CreateRole", RoleName="botocore", AssumeRolePolicyDocument=trust)
    for _ in range(3):
        account.call("sts", "GetCallerIdentity")
    for seconds in (900, 1800, 3600):
        account.call("sts", "AssumeRole", RoleArn=role, RoleSessionName=f"for-{seconds}", DurationSeconds=seconds)
    account.call("sts", "AssumeRole", "AccessDenied", RoleArn=f"{role}-nowhere", RoleSessionName="one")
    account.call("sts", "AssumeRole", "ValidationError", RoleArn=role)


def iam(account):
    call = lambda *names, **more: account.call("iam", *names, **more)
    trust = document(
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    read = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    for index in range(3):
        name = f"botocore-{index}"
        call(
            "CreateRole",
            RoleName=name,
            Path=f"/team-{index}/",
            AssumeRolePolicyDocument=trust,
            Description="a role",
            MaxSessionDuration=7200,
            Tags=[{"Key": "team", "Value": "shop"}],
        )
        call("GetRole", RoleName=name)
        call("PutRolePolicy", RoleName=name, PolicyName="read", PolicyDocument=read)
        call("GetRolePolicy", RoleName=name, PolicyName="read")
        call("ListRolePolicies", RoleName=name)
        policy = call("CreatePolicy", PolicyName=name, PolicyDocument=read, Description="reads", Path="/team/")
        policy_arn = policy["Policy"]["Arn"]
        call("GetPolicy", PolicyArn=policy_arn)
        for attached in (policy_arn, basic):
            call("AttachRolePolicy", RoleName=name, PolicyArn=attached)
        call("ListAttachedRolePolicies", RoleName=name)
        call("ListAttachedRolePolicies", RoleName=name, MaxItems=1)
        call("PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=policy_arn)
        call("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=trust)
        call("GetRole", RoleName=name)
        call("DeleteRole", "DeleteConflict", RoleName=name)
        for attached in (policy_arn, basic):
            call("DetachRolePolicy", RoleName=name, PolicyArn=attached)
        call("DeleteRolePolicy", RoleName=name, PolicyName="read")
        call("CreateRole", "EntityAlreadyExists", RoleName=name, AssumeRolePolicyDocument=trust)
        call("DeleteRole", RoleName=name)
        call("DeletePolicy", PolicyArn=policy_arn)
        call("GetRole", "NoSuchEntity", RoleName=name)
        call("GetRolePolicy", "NoSuchEntity", RoleName="botocore", PolicyName="read")
    call("ListRoles")
    for size in (1, 2, 100):
        call("ListRoles", MaxItems=size)
    call("ListRoles", PathPrefix="/team/")
    call("GetPolicy", PolicyArn=basic)
    call("GetPolicy", "NoSuchEntity", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/nowhere")
    call("CreateRole", "MalformedPolicyDocument", RoleName="bad", AssumeRolePolicyDocument="{")
    call("CreateRole", "ValidationError", RoleName="bad")


def kms(account):
    call = lambda *names, **more: account.call("kms", *names, **more)
    for index in range(2):
        key = call("CreateKey", Description="a key", Tags=[{"TagKey": "team", "TagValue": "shop"}])
        key_id, key_arn = key["KeyMetadata"]["KeyId"], key["KeyMetadata"]["Arn"]
        alias = f"alias/botocore-{index}"
        call("CreateAlias", AliasName=alias, TargetKeyId=key_id)
        call("CreateAlias", "AlreadyExistsException", AliasName=alias, TargetKeyId=key_id)
        for name in (key_id, key_arn, alias, arn("kms", alias)):
            call("DescribeKey", KeyId=name)
        call("ListAliases", KeyId=key_id)
        policy = call("GetKeyPolicy", KeyId=key_id)["Policy"]
        call("PutKeyPolicy", KeyId=key_id, PolicyName="default", Policy=policy)
        call("EnableKeyRotation", KeyId=key_id)
        call("GetKeyRotationStatus", KeyId=key_id)
        call("TagResource", KeyId=key_id, Tags=[{"TagKey": "stage", "TagValue": "test"}])
        call("ListResourceTags", KeyId=key_id)
        call("UntagResource", KeyId=key_id, TagKeys=["stage"])
        call("ListResourceTags", KeyId=key_id, Limit=1)
        data = call("Encrypt", KeyId=key_id, Plaintext=b"text")
        call("Decrypt", KeyId=key_id, CiphertextBlob=data.get("CiphertextBlob", b"text"))
        call("GenerateDataKey", KeyId=key_id, KeySpec="AES_256")
        call("DisableKey", KeyId=key_id)
        call("DescribeKey", KeyId=key_id)
        call("EnableKey", KeyId=key_id)
        call("DeleteAlias", AliasName=alias)
        call("DescribeKey", "NotFoundException", KeyId=alias)
        call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
        call("DescribeKey", KeyId=key_id)
        call("EnableKey", "KMSInvalidStateException", KeyId=key_id)
    call("ListAliases")
    for size in (1, 100):
        call("ListKeys", Limit=size)
        call("ListAliases", Limit=size)
    call("DescribeKey", "NotFoundException", KeyId="12345678-1234-1234-1234-123456789012")


def secrets_manager(account):
    call = lambda *names, **more: account.call("secretsmanager", *names, **more)
    for index, value in enumerate(({"SecretString": "one"}, {"SecretBinary": b"\x00\xff"}, {})):
        name = f"botocore/secret-{index}"
        tags = [{"Key": "team", "Value": "shop"}] if index else []
        secret = call("CreateSecret", Name=name, Description="a secret" * index, Tags=tags, **value)
        secret_arn = secret["ARN"]
        for secret_id in (name, secret_arn, secret_arn[:-7]):
            call("DescribeSecret", SecretId=secret_id)
        call("GetSecretValue", None if value else "ResourceNotFoundException", SecretId=name)
        call("CreateSecret", "ResourceExistsException", Name=name, SecretString="another")
        for number in range(3):
            call("PutSecretValue", SecretId=name, SecretString=f"value {number}")
            call("GetSecretValue", SecretId=name)
            call("GetSecretValue", SecretId=secret_arn, VersionStage="AWSCURRENT")
            call("DescribeSecret", SecretId=name)
        pending = call("PutSecretValue", SecretId=name, SecretString="next", VersionStages=["AWSPENDING"])["VersionId"]
        current = call("GetSecretValue", SecretId=name)["VersionId"]
        call("GetSecretValue", SecretId=name, VersionId=pending)
        call("GetSecretValue", SecretId=name, VersionStage="AWSPREVIOUS")
        call("GetSecretValue", "ResourceNotFoundException", SecretId=name, VersionStage="nowhere")
        call(
            "UpdateSecretVersionStage",
            SecretId=name,
            VersionStage="AWSCURRENT",
            MoveToVersionId=pending,
            RemoveFromVersionId=current,
        )
        call("UpdateSecretVersionStage", SecretId=name, VersionStage="blue", MoveToVersionId=current)
        call("UpdateSecretVersionStage", SecretId=name, VersionStage="blue", RemoveFromVersionId=current)
        call("ListSecretVersionIds", SecretId=name)
        call("ListSecretVersionIds", SecretId=name, IncludeDeprecated=True)
        call("ListSecretVersionIds", SecretId=name, MaxResults=1)
        call("UpdateSecret", SecretId=name, Description="changed")
        call("UpdateSecret", SecretId=name, SecretString="updated")
        call("TagResource", SecretId=name, Tags=[{"Key": "stage", "Value": "test"}])
        call("DescribeSecret", SecretId=name)
        call("UntagResource", SecretId=name, TagKeys=["stage", "team"])
        policy = document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/botocore"},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        )
        call("GetResourcePolicy", SecretId=name)
        call("PutResourcePolicy", SecretId=name, ResourcePolicy=policy)
        call("GetResourcePolicy", SecretId=name)
        call("PutResourcePolicy", "MalformedPolicyDocumentException", SecretId=name, ResourcePolicy="{")
        call("DeleteResourcePolicy", SecretId=name)
        call("ReplicateSecretToRegions", SecretId=name, AddReplicaRegions=[{"Region": "eu-central-1"}])
        call("DescribeSecret", SecretId=name)
        call("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=["eu-central-1"])
        call("RotateSecret", "InvalidRequestException", SecretId=name)
        call("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
        call("DescribeSecret", SecretId=name)
        call("GetSecretValue", "InvalidRequestException", SecretId=name)
        call("RestoreSecret", SecretId=name)
        call("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
        call("DescribeSecret", "ResourceNotFoundException", SecretId=name)
    call("RotateSecret", SecretId="shop/database")
    call("DescribeSecret", SecretId="shop/database")
    rotated = lambda answer: "AWSPENDING" not in sum(answer["VersionIdsToStages"].values(), [])
    account.until(rotated, "secretsmanager", "DescribeSecret", SecretId="shop/database")
    call("CancelRotateSecret", SecretId="shop/database")
    call("DescribeSecret", SecretId="shop/database")
    call("ListSecrets")
    for size in (1, 2, 100):
        call("ListSecrets", MaxResults=size)
    for key, values in (("name", ["shop/"]), ("description", ["a"]), ("tag-key", ["team"]), ("all", ["shop"])):
        call("ListSecrets", Filters=[{"Key": key, "Values": values}])
    call("ListSecrets", SortOrder="asc", IncludePlannedDeletion=True)
    call("BatchGetSecretValue", SecretIdList=["shop/log-token", "shop/partner-key", "nowhere"])
    call("BatchGetSecretValue", Filters=[{"Key": "name", "Values": ["shop/"]}], MaxResults=2)
    call("GetSecretValue", "ResourceNotFoundException", SecretId="nowhere")
    call("CreateSecret", "InvalidParameterException", Name="not valid")


def ssm(account):
    call = lambda *names, **more: account.call("ssm", *names, **more)
    for kind, value in (("String", "one"), ("StringList", "one,two"), ("SecureString", "one")):
        name = f"/botocore/{kind}"
        tags = [{"Key": "team", "Value": "shop"}]
        call("PutParameter", Name=name, Type=kind, Value=value, Description="a parameter", Tags=tags)
        call("PutParameter", "ParameterAlreadyExists", Name=name, Type=kind, Value=value)
        for number in range(3):
            call("PutParameter", Name=name, Value=f"{value}{number}", Overwrite=True)
            call("GetParameter", Name=name)
        call("LabelParameterVersion", Name=name, Labels=["live", "9-no"])
        for named in (name, arn("ssm", f"parameter{name}"), f"{name}:1", f"{name}:live"):
            call("GetParameter", Name=named, WithDecryption=True)
        call("GetParameter", "ParameterVersionNotFound", Name=f"{name}:99")
        call("GetParameterHistory", Name=name)
        call("GetParameterHistory", Name=name, MaxResults=1, WithDecryption=True)
        call("AddTagsToResource", ResourceType="Parameter", ResourceId=name, Tags=[{"Key": "stage", "Value": "test"}])
        call("ListTagsForResource", ResourceType="Parameter", ResourceId=name)
        call("RemoveTagsFromResource", ResourceType="Parameter", ResourceId=name, TagKeys=["stage"])
        call("ListTagsForResource", ResourceType="Parameter", ResourceId=name)
        call(
            "PutParameter",
            "ParameterPatternMismatchException",
            Name=name,
            Value="x",
            AllowedPattern="^y$",
            Overwrite=True,
        )
    names = [f"/botocore/{kind}" for kind in ("String", "StringList", "SecureString")]
    for decrypt in (True, False):
        call("GetParameters", Names=[*names, "/nowhere"], WithDecryption=decrypt)
        call("GetParametersByPath", Path="/botocore", WithDecryption=decrypt)
        call("GetParametersByPath", Path="/", Recursive=True, MaxResults=1, WithDecryption=decrypt)
    call("GetParameter", Name="/aws/reference/secretsmanager/shop/log-token", WithDecryption=True)
    call("DescribeParameters")
    for filters in (
        [{"Key": "Name", "Option": "BeginsWith", "Values": ["/botocore"]}],
        [{"Key": "Type", "Values": ["SecureString"]}],
        [{"Key": "tag:team", "Values": ["shop"]}],
    ):
        call("DescribeParameters", ParameterFilters=filters)
        call("DescribeParameters", ParameterFilters=filters, MaxResults=1)
    for name in names:
        call("DeleteParameter", Name=name)
        call("DeleteParameter", "ParameterNotFound", Name=name)
        call("GetParameter", "ParameterNotFound", Name=name)
    call("PutParameter", "ValidationException", Name="/botocore/bad name", Type="String", Value="x")


def events(account):
    call = lambda *names, **more: account.call("events", *names, **more)
    queue = account.call("sqs", "CreateQueue", QueueName="botocore-events")["QueueUrl"]
    queue_arn = arn("sqs", "botocore-events")
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": "shop",
        "time": "2026-01-01T00:00:00Z",
        "region": REGION,
        "resources": [],
        "detail-type": "t",
        "detail": {"n": 5},
    }
    call("CreateEventBus", Name="botocore")
    call("CreateEventBus", "ResourceAlreadyExistsException", Name="botocore")
    call("DescribeEventBus")
    call("DescribeEventBus", Name="botocore")
    call("ListEventBuses")
    call("ListEventBuses", NamePrefix="boto", Limit=1)
    for index, what in enumerate(
        (
            {"EventPattern": json.dumps({"source": ["shop"]})},
            {"ScheduleExpression": "rate(1 day)"},
            {"ScheduleExpression": "cron(0 10 * * ? *)", "State": "DISABLED", "Description": "a rule"},
        )
    ):
        name = f"botocore-{index}"
        rule = call("PutRule", Name=name, Tags=[{"Key": "team", "Value": "shop"}], **what)["RuleArn"]
        call("DescribeRule", Name=name)
        call("ListTagsForResource", ResourceARN=rule)
        call("TagResource", ResourceARN=rule, Tags=[{"Key": "stage", "Value": "test"}])
        call("UntagResource", ResourceARN=rule, TagKeys=["stage"])
        transformer = {"InputPathsMap": {"id": "$.id"}, "InputTemplate": '{"id": <id>}'}
        retries = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60}
        call("PutTargets", Rule=name, Targets=[{"Id": "one", "Arn": queue_arn, "RetryPolicy": retries}])
        call("PutTargets", Rule=name, Targets=[{"Id": "two", "Arn": queue_arn, "InputTransformer": transformer}])
        call("ListTargetsByRule", Rule=name)
        call("ListTargetsByRule", Rule=name, Limit=1)
        call("DeleteRule", "ValidationException", Name=name)
        call("DisableRule", Name=name)
        call("EnableRule", Name=name)
        call("ListRules", NamePrefix=name)
        call(
            "PutEvents",
            Entries=[
                {"Source": "shop", "DetailType": "t", "Detail": "{}"},
                {"Source": "aws.no", "DetailType": "t", "Detail": "{}"},
            ],
        )
        call("RemoveTargets", Rule=name, Ids=["one", "two", "three"])
        call("DeleteRule", Name=name)
        call("DescribeRule", "ResourceNotFoundException", Name=name)
    for pattern in ({"source": ["shop"]}, {"source": [{"prefix": "sh"}]}, {"detail": {"n": [{"numeric": [">", 7]}]}}):
        call("TestEventPattern", EventPattern=json.dumps(pattern), Event=json.dumps(event))
    for pattern in ("{", "[]", '{"source": "shop"}', '{"source": [{"near": "sh"}]}'):
        call("TestEventPattern", "InvalidEventPatternException", EventPattern=pattern, Event=json.dumps(event))
        call("PutRule", "InvalidEventPatternException", Name="bad", EventPattern=pattern)
    call("ListRules")
    for size in (1, 2, 100):
        call("ListRules", Limit=size)
    call("PutTargets", "ResourceNotFoundException", Rule="nowhere", Targets=[{"Id": "one", "Arn": queue_arn}])
    call("DeleteEventBus", Name="botocore")
    call("DescribeEventBus", "ResourceNotFoundException", Name="botocore")
    account.call("sqs", "DeleteQueue", QueueUrl=queue)


def sqs(account):
    call = lambda *names, **more: account.call("sqs", *names, **more)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    for fifo in (False, True):
        suffix = ".fifo" if fifo else ""
        more = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        group = {"MessageGroupId": "one"} if fifo else {}
        dead = call("CreateQueue", QueueName=f"botocore-dead{suffix}", Attributes=more)["QueueUrl"]
        dead_arn = arn("sqs", f"botocore-dead{suffix}")
        queue = call(
            "CreateQueue",
            QueueName=f"botocore{suffix}",
            Attributes={**more, "DelaySeconds": "0"},
            tags={"team": "shop"},
        )["QueueUrl"]
        call("GetQueueUrl", QueueName=f"botocore{suffix}")
        for names in (["All"], ["QueueArn"], ["ApproximateNumberOfMessages", "CreatedTimestamp"]):
            call("GetQueueAttributes", QueueUrl=queue, AttributeNames=names)
        call("GetQueueAttributes", QueueUrl=queue)
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        call("SetQueueAttributes", QueueUrl=queue, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "1"})
        call("SetQueueAttributes", "InvalidAttributeValue", QueueUrl=queue, Attributes={"VisibilityTimeout": "-1"})
        call("TagQueue", QueueUrl=queue, Tags={"stage": "test"})
        call("ListQueueTags", QueueUrl=queue)
        call("UntagQueue", QueueUrl=queue, TagKeys=["stage", "team"])
        call("ListQueueTags", QueueUrl=queue)
        attributes = {
            "text": {"DataType": "String", "StringValue": "one"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
            "number": {"DataType": "Number.int", "StringValue": "5"},
        }
        for number in range(5):
            call("SendMessage", QueueUrl=queue, MessageBody=f"body {number}", MessageAttributes=attributes, **group)
        entries = [{"Id": f"id{number}", "MessageBody": f"batch {number}", **group} for number in range(3)]
        call("SendMessageBatch", QueueUrl=queue, Entries=entries)
        call("SendMessageBatch", QueueUrl=queue, Entries=[entries[0], {"Id": "large", "MessageBody": "", **group}])
        call("SendMessageBatch", "AWS.SimpleQueueService.EmptyBatchRequest", QueueUrl=queue, Entries=[])
        for _ in range(2):
            received = call(
                "ReceiveMessage",
                QueueUrl=queue,
                MaxNumberOfMessages=3,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                VisibilityTimeout=30,
            )["Messages"]
            handles = [message["ReceiptHandle"] for message in received]
            call("ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=handles[0], VisibilityTimeout=20)
            call("DeleteMessage", QueueUrl=queue, ReceiptHandle=handles[0])
            batch = [{"Id": f"id{number}", "ReceiptHandle": handle} for number, handle in enumerate(handles[1:])]
            call("DeleteMessageBatch", QueueUrl=queue, Entries=batch)
        call("DeleteMessage", "ReceiptHandleIsInvalid", QueueUrl=queue, ReceiptHandle="none")
        call("ReceiveMessage", QueueUrl=queue, MessageSystemAttributeNames=["SentTimestamp"], VisibilityTimeout=0)
        call("ReceiveMessage", QueueUrl=dead)
        call("PurgeQueue", QueueUrl=queue)
        call("PurgeQueue", "AWS.SimpleQueueService.PurgeQueueInProgress", QueueUrl=queue)
        call("SendMessage", QueueUrl=dead, MessageBody="dead", **group)
        call("StartMessageMoveTask", SourceArn=dead_arn)
        call("ListMessageMoveTasks", SourceArn=dead_arn)
        call("ListQueues")
        call("ListQueues", QueueNamePrefix="botocore", MaxResults=1)
        for url in (queue, dead):
            call("DeleteQueue", QueueUrl=url)
            call("GetQueueAttributes", missing, QueueUrl=url, AttributeNames=["All"])
            call("SendMessage", missing, QueueUrl=url, MessageBody="body", **group)
    call("GetQueueUrl", missing, QueueName="nowhere")
    call("ListQueues", QueueNamePrefix="nowhere")


def zipped(text):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.mjs", text)
    return archive.getvalue()


def function(account):
    call = lambda *names, **more: account.call("lambda", *names, **more)
    code = zipped("export const handler = async (event) => { if (event.fail) throw new Error('no'); return event; };")
    queue = account.call("sqs", "CreateQueue", QueueName="botocore-lambda")["QueueUrl"]
    role = f"arn:aws:iam::{ACCOUNT}:role/botocore"
    policy = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}
    account.call("iam", "PutRolePolicy", RoleName="botocore", PolicyName="all", PolicyDocument=document(policy))
    for index in range(2):
        name = f"botocore-{index}"
        call(
            "CreateFunction",
            FunctionName=name,
            Runtime="nodejs24.x",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code},
            Timeout=5,
            MemorySize=256,
            Environment={"Variables": {"NAME": "value"}},
            LoggingConfig={"LogFormat": "JSON"},
            Tags={"team": "shop"},
        )
        call(
            "CreateFunction",
            "ResourceConflictException",
            FunctionName=name,
            Runtime="nodejs24.x",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code},
        )
        for named in (name, arn("lambda", f"function:{name}")):
            call("GetFunction", FunctionName=named)
            call("GetFunctionConfiguration", FunctionName=named)
        call("Invoke", FunctionName=name, Payload=b"{}")
        call("Invoke", FunctionName=name, Payload=b'{"fail": true}', LogType="Tail")
        call("Invoke", FunctionName=name, Payload=b"{}", InvocationType="Event")
        call("Invoke", FunctionName=name, Payload=b"{}", InvocationType="DryRun")
        call("Invoke", "InvalidRequestContentException", FunctionName=name, Payload=b"{")
        call("UpdateFunctionCode", FunctionName=name, ZipFile=code)
        call("UpdateFunctionConfiguration", FunctionName=name, Timeout=6, Description="changed")
        call("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=2)
        call("GetFunction", FunctionName=name)
        call(
            "AddPermission",
            FunctionName=name,
            StatementId="events",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceAccount=ACCOUNT,
        )
        call("GetPolicy", FunctionName=name)
        call("RemovePermission", FunctionName=name, StatementId="events")
        call("GetPolicy", "ResourceNotFoundException", FunctionName=name)
        call("ListTags", Resource=arn("lambda", f"function:{name}"))
        call("CreateAlias", FunctionName=name, Name="live", FunctionVersion="$LATEST", Description="an alias")
        call("GetAlias", FunctionName=name, Name="live")
        call("UpdateAlias", FunctionName=name, Name="live", Description="changed")
        call("ListAliases", FunctionName=name)
        call("DeleteAlias", FunctionName=name, Name="live")
        call("GetAlias", "ResourceNotFoundException", FunctionName=name, Name="live")
        mapping = call(
            "CreateEventSourceMapping",
            FunctionName=name,
            EventSourceArn=arn("sqs", "botocore-lambda"),
            BatchSize=5,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            Enabled=False,
        )["UUID"]
        call("GetEventSourceMapping", UUID=mapping)
        call("UpdateEventSourceMapping", UUID=mapping, BatchSize=6, ScalingConfig={"MaximumConcurrency": 2})
        call("ListEventSourceMappings", FunctionName=name)
        call("ListEventSourceMappings", EventSourceArn=arn("sqs", "botocore-lambda"), MaxItems=1)
        call("ListTags", Resource=arn("lambda", f"event-source-mapping:{mapping}"))
        call("DeleteEventSourceMapping", UUID=mapping)
        call("DeleteFunction", FunctionName=name)
        call("GetFunction", "ResourceNotFoundException", FunctionName=name)
        call("Invoke", "ResourceNotFoundException", FunctionName=name, Payload=b"{}")
    call("ListFunctions")
    call("ListFunctions", MaxItems=1)
    call("Invoke", FunctionName="ecs-secret-recycler-demo", Payload=b'{"ask":"status"}')
    account.call("sqs", "DeleteQueue", QueueUrl=queue)


def hooks_of(answer):
    return answer["serviceDeployments"][0].get("lifecycleHookDetails")


def ecs(account):
    call = lambda *names, **more: account.call("ecs", *names, **more)
    call("CreateCluster", clusterName="botocore", tags=[{"key": "team", "value": "shop"}])
    call("DescribeClusters", clusters=["botocore", "shop", "nowhere"], include=["TAGS", "SETTINGS", "STATISTICS"])
    call("ListClusters")
    call("ListClusters", maxResults=1)
    call("DescribeClusters")
    container = {
        "name": "app",
        "image": "registry.example.com/shop/reports:1.4.0",
        "essential": True,
        "memory": 256,
        "environment": [{"name": "A", "value": "1"}],
        "portMappings": [{"containerPort": 8080}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/botocore"}},
    }
    for index in range(2):
        family = "botocore"
        definition = call(
            "RegisterTaskDefinition",
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/botocore",
            containerDefinitions=[container],
            tags=[{"key": "team", "value": "shop"}],
        )["taskDefinition"]["taskDefinitionArn"]
        for named in (family, definition, f"{family}:{index + 1}"):
            call("DescribeTaskDefinition", taskDefinition=named, include=["TAGS"])
    call("RegisterTaskDefinition", "ClientException", family="bad name", containerDefinitions=[container])
    call("ListTaskDefinitions")
    call("ListTaskDefinitions", familyPrefix=family, sort="DESC", maxResults=1)
    call("DescribeTaskDefinition", "ClientException", taskDefinition="nowhere")
    subnets = account.call("ec2", "DescribeSubnets")["Subnets"]
    network = {"awsvpcConfiguration": {"subnets": [subnets[0]["SubnetId"]]}}
    service = {"cluster": "botocore", "taskDefinition": "shop-reports", "networkConfiguration": network}
    call(
        "CreateService",
        **service,
        serviceName="reports",
        desiredCount=1,
        launchType="FARGATE",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        enableECSManagedTags=True,
        propagateTags="SERVICE",
        tags=[{"key": "team", "value": "shop"}],
    )
    call(
        "CreateService",
        "InvalidParameterException",
        **service,
        serviceName="reports",
        desiredCount=1,
        launchType="FARGATE",
    )
    settled = lambda answer: answer["services"][0]["deployments"][0]["rolloutState"] == "COMPLETED"
    describe = {"cluster": "botocore", "services": ["reports"]}
    account.until(settled, "ecs", "DescribeServices", **describe)
    for include in (["TAGS"], []):
        call("DescribeServices", cluster="shop", services=["web", "worker", "reports", "nowhere"], include=include)
    call("ListServices", cluster="shop")
    call("ListServices", cluster="shop", launchType="FARGATE", maxResults=1)
    reports = {"cluster": "botocore", "service": "reports"}
    call("UpdateService", **reports, forceNewDeployment=True)
    account.until(settled, "ecs", "DescribeServices", **describe)
    deployments = call("ListServiceDeployments", cluster="botocore", service="reports")["serviceDeployments"]
    call("ListServiceDeployments", cluster="botocore", service="reports", status=["SUCCESSFUL"], maxResults=1)
    for deployment in deployments:
        call("DescribeServiceDeployments", serviceDeploymentArns=[deployment["serviceDeploymentArn"]])
        call("DescribeServiceRevisions", serviceRevisionArns=[deployment["targetServiceRevisionArn"]])
    tasks = []
    for cluster in ("shop", "botocore"):
        for more in ({}, {"desiredStatus": "STOPPED"}, {"maxResults": 1}, {"launchType": "FARGATE"}):
            tasks = call("ListTasks", cluster=cluster, **more)["taskArns"] or tasks
        found = call("ListTasks", cluster=cluster)["taskArns"]
        call("DescribeTasks", cluster=cluster, tasks=found, include=["TAGS"])
    for service_name in ("web", "worker", "reports"):
        found = call("ListTasks", cluster="shop", serviceName=service_name)["taskArns"]
        call("DescribeTasks", cluster="shop", tasks=found)
        call("UpdateTaskProtection", cluster="shop", tasks=found, protectionEnabled=True, expiresInMinutes=5)
        call("GetTaskProtection", cluster="shop", tasks=found)
        call("UpdateTaskProtection", cluster="shop", tasks=found, protectionEnabled=False)
    call("DescribeTasks", cluster="shop", tasks=["0" * 32])
    run = call(
        "RunTask",
        cluster="botocore",
        taskDefinition="shop-reports",
        launchType="FARGATE",
        networkConfiguration=network,
        count=1,
        startedBy="botocore",
        enableExecuteCommand=False,
        tags=[{"key": "team", "value": "shop"}],
    )["tasks"]
    task = {"cluster": "botocore", "tasks": [run[0]["taskArn"]]}
    running = lambda answer: answer["tasks"][0]["lastStatus"] == "RUNNING"
    stopped = lambda answer: answer["tasks"][0]["lastStatus"] == "STOPPED"
    account.until(running, "ecs", "DescribeTasks", **task)
    call("StopTask", cluster="botocore", task=run[0]["taskArn"], reason="enough")
    account.until(stopped, "ecs", "DescribeTasks", **task)
    # Deployments that pause: one is continued, the next one is stopped.
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    call("UpdateService", **reports, deploymentConfiguration={"lifecycleHooks": [pause]})
    for operation, more in (("ContinueServiceDeployment", {"action": "CONTINUE"}), ("StopServiceDeployment", {})):
        call("UpdateService", **reports, forceNewDeployment=True)
        newest = {
            "serviceDeploymentArns": [
                call("ListServiceDeployments", **reports)["serviceDeployments"][0]["serviceDeploymentArn"]
            ]
        }
        waits = lambda answer: hooks_of(answer) and hooks_of(answer)[0]["status"] == "AWAITING_ACTION"
        waiting = account.until(waits, "ecs", "DescribeServiceDeployments", **newest)
        if operation.startswith("Continue"):
            more = {**more, "hookId": hooks_of(waiting)[0]["hookId"]}
        call(operation, serviceDeploymentArn=newest["serviceDeploymentArns"][0], **more)
        ended = lambda answer: answer["serviceDeployments"][0].get("finishedAt")
        account.until(ended, "ecs", "DescribeServiceDeployments", **newest)
    external = {"cluster": "botocore", "service": "external"}
    call(
        "CreateService",
        cluster="botocore",
        serviceName="external",
        desiredCount=1,
        deploymentController={"type": "EXTERNAL"},
    )
    task_set = call(
        "CreateTaskSet",
        **external,
        taskDefinition="shop-reports",
        launchType="FARGATE",
        networkConfiguration=network,
        scale={"value": 0, "unit": "PERCENT"},
    )["taskSet"]["taskSetArn"]
    call("DescribeTaskSets", **external, include=["TAGS"])
    call("UpdateServicePrimaryTaskSet", **external, primaryTaskSet=task_set)
    call("DescribeServices", cluster="botocore", services=["external"])
    call("DeleteTaskSet", **external, taskSet=task_set, force=True)
    for error, operation, arguments in (
        ("ClusterNotFoundException", "ListServices", {"cluster": "nowhere"}),
        ("ClusterNotFoundException", "DescribeServices", {"cluster": "nowhere", "services": ["web"]}),
        ("ServiceNotFoundException", "UpdateService", {"cluster": "shop", "service": "nowhere"}),
        ("InvalidParameterException", "StopTask", {"cluster": "shop", "task": "0" * 32}),
        ("InvalidParameterException", "DescribeServices", {"cluster": "shop", "services": []}),
        ("InvalidParameterException", "DescribeServices", {"cluster": "shop"}),
        ("ClusterContainsServicesException", "DeleteCluster", {"cluster": "botocore"}),
    ):
        call(operation, error, **arguments)
    for name in ("reports", "external"):
        call("DeleteService", cluster="botocore", service=name, force=True)
    call("DescribeServices", cluster="botocore", services=["reports", "external"])
    inactive = lambda answer: {service["status"] for service in answer["services"]} == {"INACTIVE"}
    account.until(inactive, "ecs", "DescribeServices", cluster="botocore", services=["reports", "external"])
    account.until(lambda answer: not answer["taskArns"], "ecs", "ListTasks", cluster="botocore")
    call("DeleteCluster", cluster="botocore")
    for revision in (1, 2):
        call("DeregisterTaskDefinition", taskDefinition=f"botocore:{revision}")


def logs(account):
    call = lambda *names, **more: account.call("logs", *names, **more)
    now = int(time.time() * 1000)
    for index in range(2):
        group = f"/botocore/{index}"
        call("CreateLogGroup", logGroupName=group, tags={"team": "shop"})
        call("CreateLogGroup", "ResourceAlreadyExistsException", logGroupName=group)
        call("PutRetentionPolicy", logGroupName=group, retentionInDays=7)
        call("PutRetentionPolicy", "InvalidParameterException", logGroupName=group, retentionInDays=8)
        for stream in ("one", "two"):
            call("CreateLogStream", logGroupName=group, logStreamName=stream)
            lines = [{"timestamp": now + number, "message": json.dumps({"n": number})} for number in range(4)]
            call("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=lines)
            old = [{"timestamp": now - 30 * 86_400_000, "message": "old"}]
            call("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=old)
            call("GetLogEvents", logGroupName=group, logStreamName=stream)
            call("GetLogEvents", logGroupName=group, logStreamName=stream, limit=1, startFromHead=True)
        call("DescribeLogStreams", logGroupName=group)
        call("DescribeLogStreams", logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
        for pattern in ("", "n", "{ $.n = 2 }", '"n" -2'):
            call("FilterLogEvents", logGroupName=group, filterPattern=pattern)
        call("FilterLogEvents", logGroupName=group, limit=1, logStreamNames=["one"])
        group_arn = arn("logs", f"log-group:{group}")
        call("ListTagsForResource", resourceArn=group_arn)
        call("TagResource", resourceArn=group_arn, tags={"stage": "test"})
        call("UntagResource", resourceArn=group_arn, tagKeys=["stage"])
        call("DescribeLogGroups", logGroupNamePrefix=group)
        call("DeleteRetentionPolicy", logGroupName=group)
        call("DescribeLogGroups", logGroupNamePrefix=group)
        call("DeleteLogStream", logGroupName=group, logStreamName="one")
        call("GetLogEvents", "ResourceNotFoundException", logGroupName=group, logStreamName="one")
        query = call(
            "PutQueryDefinition", name=f"botocore-{index}", queryString="fields @message", logGroupNames=[group]
        )
        call("DeleteQueryDefinition", queryDefinitionId=query["queryDefinitionId"])
        call("DeleteLogGroup", logGroupName=group)
        call("DescribeLogStreams", "ResourceNotFoundException", logGroupName=group)
    call("DescribeLogGroups")
    call("DescribeLogGroups", limit=1)
    call("FilterLogEvents", logGroupName="/aws/lambda/ecs-secret-recycler-demo")


def cloudwatch(account):
    now = time.time()
    for protocol in ("smithy-rpc-v2-cbor", "json", "query"):
        call = lambda name, expect=None, **more: account.call("cloudwatch", name, expect, protocol, **more)
        name = f"botocore-{protocol}"
        dimensions = [{"Name": "service", "Value": "web"}]
        data = [{"MetricName": "errors", "Dimensions": dimensions, "Value": 1.5, "Unit": "Count"}]
        call("PutMetricData", Namespace=name, MetricData=data)
        call("ListMetrics")
        call("ListMetrics", Namespace=name, MetricName="errors", Dimensions=[{"Name": "service"}])
        for statistics in (["Sum", "Average"], ["SampleCount", "Minimum", "Maximum"]):
            call(
                "GetMetricStatistics",
                Namespace=name,
                MetricName="errors",
                Dimensions=dimensions,
                StartTime=now - 3600,
                EndTime=now + 60,
                Period=60,
                Statistics=statistics,
            )
        call(
            "GetMetricStatistics",
            Namespace=name,
            MetricName="errors",
            Dimensions=dimensions,
            StartTime=now - 3600,
            EndTime=now + 60,
            Period=60,
            ExtendedStatistics=["p90"],
        )
        alarm = {
            "MetricName": "errors",
            "Namespace": name,
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        call(
            "PutMetricAlarm",
            AlarmName=name,
            Statistic="Sum",
            **alarm,
            Dimensions=dimensions,
            TreatMissingData="notBreaching",
            AlarmDescription="an alarm",
        )
        call(
            "PutMetricAlarm",
            AlarmName=f"{name}-p",
            ExtendedStatistic="p99",
            **alarm,
            DatapointsToAlarm=1,
            ActionsEnabled=False,
        )
        call("DescribeAlarms")
        call("DescribeAlarms", AlarmNames=[name])
        call("DescribeAlarms", AlarmNamePrefix="boto", MaxRecords=1)
        call("DescribeAlarmHistory", AlarmName=name)
        call("DescribeAlarmHistory", MaxRecords=1)
        call(
            "PutMetricAlarm",
            "InvalidParameterValue",
            AlarmName="bad",
            **{**alarm, "ComparisonOperator": "No"},
            Statistic="Sum",
        )
        body = json.dumps({"widgets": []})
        call("PutDashboard", DashboardName="botocore", DashboardBody=body)
        call("GetDashboard", DashboardName="botocore")
        call("DeleteDashboards", DashboardNames=["botocore"])
        call("GetDashboard", "ResourceNotFound", DashboardName="botocore")
        call("DeleteAlarms", AlarmNames=[name, f"{name}-p"])


def sns(account):
    call = lambda *names, **more: account.call("sns", *names, **more)
    queue = account.call("sqs", "CreateQueue", QueueName="botocore-sns")["QueueUrl"]
    for index in range(3):
        topic = call("CreateTopic", Name=f"botocore-{index}", Tags=[{"Key": "team", "Value": "shop"}])["TopicArn"]
        call("GetTopicAttributes", TopicArn=topic)
        call("SetTopicAttributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="shop")
        call("SetTopicAttributes", "InvalidParameter", TopicArn=topic, AttributeName="Nowhere", AttributeValue="shop")
        subscription = call(
            "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", "botocore-sns"), ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        call("Subscribe", TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
        call("GetSubscriptionAttributes", SubscriptionArn=subscription)
        call(
            "SetSubscriptionAttributes",
            SubscriptionArn=subscription,
            AttributeName="RawMessageDelivery",
            AttributeValue="true",
        )
        call("ListSubscriptions")
        call("ListSubscriptionsByTopic", TopicArn=topic)
        call("ConfirmSubscription", "InvalidParameter", TopicArn=topic, Token="none")
        attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
        call("Publish", TopicArn=topic, Message="a message", Subject="a subject", MessageAttributes=attributes)
        call("Publish", "InvalidParameter", TopicArn=topic, Message="")
        call("TagResource", ResourceArn=topic, Tags=[{"Key": "stage", "Value": "test"}])
        call("ListTagsForResource", ResourceArn=topic)
        call("UntagResource", ResourceArn=topic, TagKeys=["stage"])
        call("Unsubscribe", SubscriptionArn=subscription)
        call("GetSubscriptionAttributes", "NotFound", SubscriptionArn=subscription)
        call("ListTopics")
        call("DeleteTopic", TopicArn=topic)
        call("GetTopicAttributes", "NotFound", TopicArn=topic)
        call("Publish", "NotFound", TopicArn=topic, Message="a message")
    account.call("sqs", "DeleteQueue", QueueUrl=queue)


def s3(account):
    call = lambda *names, **more: account.call("s3", *names, **more)
    for index in range(2):
        name = f"botocore-{index}"
        bucket = {"Bucket": name}
        call("CreateBucket", **bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        call(
            "CreateBucket",
            "BucketAlreadyOwnedByYou",
            **bucket,
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        call("HeadBucket", **bucket)
        call("ListBuckets")
        call("GetBucketAcl", **bucket)
        for key in ("one.txt", "folder/two.txt", "folder/three four.txt"):
            call("PutObject", **bucket, Key=key, Body=b"the body", ContentType="text/plain", Metadata={"team": "shop"})
            call("HeadObject", **bucket, Key=key)
            call("GetObject", **bucket, Key=key)["Body"].read()
            call("GetObject", **bucket, Key=key, Range="bytes=0-2")["Body"].read()
        for more in ({}, {"Prefix": "folder/"}, {"Delimiter": "/"}, {"MaxKeys": 1}, {"FetchOwner": True}):
            call("ListObjectsV2", **bucket, **more)
        call("GetBucketPolicy", "NoSuchBucketPolicy", **bucket)
        policy = document(
            {
                "Effect": "Deny",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/botocore"},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/*",
            }
        )
        call("PutBucketPolicy", **bucket, Policy=policy)
        call("GetBucketPolicy", **bucket)
        call("DeleteBucketPolicy", **bucket)
        call("GetBucketTagging", "NoSuchTagSet", **bucket)
        call("PutBucketTagging", **bucket, Tagging={"TagSet": [{"Key": "team", "Value": "shop"}]})
        call("GetBucketTagging", **bucket)
        call("DeleteBucketTagging", **bucket)
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        call("PutBucketEncryption", **bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        call("GetBucketEncryption", **bucket)
        call("DeleteBucketEncryption", **bucket)
        block = {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        }
        call("PutPublicAccessBlock", **bucket, PublicAccessBlockConfiguration=block)
        call("GetPublicAccessBlock", **bucket)
        call("DeletePublicAccessBlock", **bucket)
        call("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", **bucket)
        lifecycle = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}
        call("PutBucketLifecycleConfiguration", **bucket, LifecycleConfiguration={"Rules": [lifecycle]})
        call("GetBucketLifecycleConfiguration", **bucket)
        call("DeleteBucketLifecycle", **bucket)
        call("DeleteBucket", "BucketNotEmpty", **bucket)
        call("GetObject", "NoSuchKey", **bucket, Key="nowhere")
        call("HeadObject", "404", **bucket, Key="nowhere")
        for key in ("one.txt", "folder/two.txt", "folder/three four.txt"):
            call("DeleteObject", **bucket, Key=key)
        call("ListObjectsV2", **bucket)
        call("DeleteBucket", **bucket)
        call("ListObjectsV2", "NoSuchBucket", **bucket)
        call("HeadBucket", "404", **bucket)


def cloudtrail(account):
    call = lambda *names, **more: account.call("cloudtrail", *names, **more)
    bucket = {"Bucket": "botocore-trail"}
    account.call("s3", "CreateBucket", **bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    service = {"Service": "cloudtrail.amazonaws.com"}
    policy = document(
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": "arn:aws:s3:::botocore-trail",
        },
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::botocore-trail/*",
        },
    )
    call("CreateTrail", "InsufficientS3BucketPolicyException", Name="botocore", S3BucketName="botocore-trail")
    account.call("s3", "PutBucketPolicy", **bucket, Policy=policy)
    trail = call(
        "CreateTrail",
        Name="botocore",
        S3BucketName="botocore-trail",
        EnableLogFileValidation=True,
        TagsList=[{"Key": "team", "Value": "shop"}],
    )["TrailARN"]
    call("CreateTrail", "TrailAlreadyExistsException", Name="botocore", S3BucketName="botocore-trail")
    for name in ("botocore", trail):
        call("GetTrailStatus", Name=name)
        call("StartLogging", Name=name)
        call("GetTrailStatus", Name=name)
        for read_write in ("WriteOnly", "ReadOnly", "All"):
            selector = {"ReadWriteType": read_write, "IncludeManagementEvents": True}
            call("PutEventSelectors", TrailName=name, EventSelectors=[selector])
            call("GetEventSelectors", TrailName=name)
        call("UpdateTrail", Name=name, IncludeGlobalServiceEvents=True)
        call("ListTags", ResourceIdList=[trail])
        call("DescribeTrails", trailNameList=[name])
        call("StopLogging", Name=name)
        call("GetTrailStatus", Name=name)
    call("DescribeTrails")
    for attribute in (
        {"AttributeKey": "EventName", "AttributeValue": "PutSecretValue"},
        {"AttributeKey": "ReadOnly", "AttributeValue": "false"},
    ):
        call("LookupEvents", LookupAttributes=[attribute], MaxResults=3)
    call("DeleteTrail", Name="botocore")
    call("GetTrailStatus", "TrailNotFoundException", Name="botocore")
    call("DeleteTrail", "TrailNotFoundException", Name="botocore")


def rds(account):
    call = lambda *names, **more: account.call("rds", *names, **more)
    subnets = [subnet["SubnetId"] for subnet in account.call("ec2", "DescribeSubnets")["Subnets"]]
    groups = call("DescribeDBSubnetGroups")["DBSubnetGroups"]
    mine = [subnet["SubnetIdentifier"] for subnet in groups[0]["Subnets"]]
    call(
        "CreateDBSubnetGroup",
        DBSubnetGroupName="botocore",
        DBSubnetGroupDescription="two zones",
        SubnetIds=mine,
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    call(
        "CreateDBSubnetGroup",
        "DBSubnetGroupAlreadyExists",
        DBSubnetGroupName="botocore",
        DBSubnetGroupDescription="two zones",
        SubnetIds=subnets[:2],
    )
    call("DescribeDBSubnetGroups", DBSubnetGroupName="botocore")
    call(
        "CreateDBInstance",
        DBInstanceIdentifier="botocore",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="botocore",
        MasterUsername="botocore",
        MasterUserPassword="a-password-of-a-test",
        DBSubnetGroupName="botocore",
        StorageEncrypted=True,
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    call(
        "CreateDBInstance",
        "DBInstanceAlreadyExists",
        DBInstanceIdentifier="botocore",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="botocore",
        MasterUserPassword="a-password-of-a-test",
    )
    instance = {"DBInstanceIdentifier": "botocore"}
    available = lambda answer: answer["DBInstances"][0]["DBInstanceStatus"] == "available"
    account.until(available, "rds", "DescribeDBInstances", **instance)
    call("DescribeDBInstances")
    call("ModifyDBInstance", **instance, BackupRetentionPeriod=7, ApplyImmediately=True)
    call("ModifyDBInstance", **instance, MasterUserPassword="another-password-of-a-test", ApplyImmediately=True)
    account.until(available, "rds", "DescribeDBInstances", **instance)
    call("DeleteDBSubnetGroup", "InvalidDBSubnetGroupStateFault", DBSubnetGroupName="botocore")
    call("DeleteDBInstance", **instance, SkipFinalSnapshot=True)
    gone = lambda answer: all(one["DBInstanceIdentifier"] != "botocore" for one in answer["DBInstances"])
    account.until(gone, "rds", "DescribeDBInstances")
    call("DescribeDBInstances", "DBInstanceNotFound", **instance)
    call("DeleteDBSubnetGroup", DBSubnetGroupName="botocore")
    call("DescribeDBSubnetGroups", "DBSubnetGroupNotFoundFault", DBSubnetGroupName="botocore")


def ec2(account):
    call = lambda *names, **more: account.call("ec2", *names, **more)
    for index in range(2):
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "botocore"}]}]
        vpc = call("CreateVpc", CidrBlock=f"10.{index}.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
        call("DescribeVpcs", VpcIds=[vpc])
        call("DescribeVpcs", Filters=[{"Name": "tag:Name", "Values": ["botocore"]}])
        subnet = call("CreateSubnet", VpcId=vpc, CidrBlock=f"10.{index}.1.0/24", AvailabilityZone=f"{REGION}a")[
            "Subnet"
        ]["SubnetId"]
        call("CreateSubnet", "InvalidSubnet.Conflict", VpcId=vpc, CidrBlock=f"10.{index}.1.0/24")
        call("DescribeSubnets", SubnetIds=[subnet])
        call("DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
        group = call("CreateSecurityGroup", GroupName="botocore", Description="a group", VpcId=vpc)["GroupId"]
        for port in (80, 443):
            permission = {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}],
            }
            call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission])
            call("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[permission])
            call(
                "AuthorizeSecurityGroupIngress",
                "InvalidPermission.Duplicate",
                GroupId=group,
                IpPermissions=[permission],
            )
            call("DescribeSecurityGroups", GroupIds=[group])
            call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[permission])
            call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[permission])
        pair = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[pair])
        call("DescribeSecurityGroups", Filters=[{"Name": "group-name", "Values": ["botocore"]}])
        call("DeleteSecurityGroup", GroupId=group)
        call("DescribeSecurityGroups", "InvalidGroup.NotFound", GroupIds=[group])
        call("DeleteVpc", "DependencyViolation", VpcId=vpc)
        call("DeleteSubnet", SubnetId=subnet)
        call("DeleteVpc", VpcId=vpc)
        call("DescribeVpcs", "InvalidVpcID.NotFound", VpcIds=[vpc])
    call("DescribeVpcs")
    call("DescribeSubnets")
    call("DescribeSecurityGroups")


def codedeploy(account):
    role = f"arn:aws:iam::{ACCOUNT}:role/botocore-codedeploy"
    trust = document(
        {"Effect": "Allow", "Principal": {"Service": "codedeploy.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    account.call("iam", "CreateRole", RoleName="botocore-codedeploy", AssumeRolePolicyDocument=trust)
    policy = document({"Effect": "Allow", "Action": ["ecs:*", "iam:PassRole"], "Resource": "*"})
    account.call("iam", "PutRolePolicy", RoleName="botocore-codedeploy", PolicyName="ecs", PolicyDocument=policy)
    subnet = account.call("ec2", "DescribeSubnets")["Subnets"][0]["SubnetId"]
    definition = account.call("ecs", "DescribeTaskDefinition", taskDefinition="shop-reports")["taskDefinition"]
    service = {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "TaskDefinition": definition["taskDefinitionArn"],
            "LoadBalancerInfo": {"ContainerName": "reports", "ContainerPort": 8080},
        },
    }
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": service}]})
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    account.call("ecs", "CreateCluster", clusterName="botocore-codedeploy")
    for index, protocol in enumerate(("smithy-rpc-v2-cbor", "json")):
        call = lambda name, expect=None, **more: account.call("codedeploy", name, expect, protocol, **more)
        application = {"applicationName": f"botocore-{index}"}
        names = {**application, "deploymentGroupName": "reports"}
        account.call(
            "ecs",
            "CreateService",
            cluster="botocore-codedeploy",
            serviceName=f"reports-{index}",
            taskDefinition="shop-reports",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
            deploymentController={"type": "CODE_DEPLOY"},
        )
        call("CreateApplication", **application, computePlatform="ECS")
        call("CreateApplication", "ApplicationAlreadyExistsException", **application, computePlatform="ECS")
        group = {
            "serviceRoleArn": role,
            "ecsServices": [{"clusterName": "botocore-codedeploy", "serviceName": f"reports-{index}"}],
        }
        call("CreateDeploymentGroup", **names, **group)
        call("CreateDeploymentGroup", "DeploymentGroupAlreadyExistsException", **names, **group)
        call("GetDeploymentGroup", **names)
        for _ in range(2):
            deployment = {"deploymentId": call("CreateDeployment", **names, revision=revision)["deploymentId"]}
            call("GetDeployment", **deployment)
            call("CreateDeployment", "DeploymentLimitExceededException", **names, revision=revision)
            call("StopDeployment", **deployment)
            ended = lambda answer: answer["deploymentInfo"]["status"] in ("Stopped", "Succeeded", "Failed")
            account.until(ended, "codedeploy", "GetDeployment", **deployment)
        call("GetDeploymentGroup", **names)
        call("ListDeployments", **names)
        call("ListDeployments", **names, includeOnlyStatuses=["Stopped"])
        call("GetDeployment", "DeploymentDoesNotExistException", deploymentId="d-ABCDEFGHI")
        call("GetDeploymentGroup", "DeploymentGroupDoesNotExistException", **application, deploymentGroupName="nowhere")


PARTS = (
    sts,
    iam,
    kms,
    secrets_manager,
    ssm,
    events,
    sqs,
    function,
    ecs,
    logs,
    cloudwatch,
    sns,
    s3,
    cloudtrail,
    rds,
    ec2,
    codedeploy,
)


def main():
    account = Account()
    for part in PARTS:
        part(account)
    spoiled = [
        {"service": service, "protocol": protocol, "what": what, "found": found}
        for (service, protocol, _), (operation, answer) in sorted(account.samples.items())
        for what, found in spoil.all_of(operation, answer)
    ]
    services = {
        name: {"calls": seen["calls"], "operations": sorted(seen["operations"])}
        for name, seen in sorted(account.services.items())
    }
    json.dump(
        {"services": services, "outside": account.outside, "unexpected": account.unexpected, "spoiled": spoiled},
        sys.stdout,
    )


main()
