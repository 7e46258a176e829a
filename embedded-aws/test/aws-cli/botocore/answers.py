"""Judges answers by botocore's models, as strictly as the models allow.

botocore's own parsers drop what they do not know and take what they get. `problems_of` reads the answer as it came over
HTTP and says everything in it that the model of its operation does not have: unknown members, wrong types, missing
required members, values outside an enumeration, other formats of times, other status codes.
"""

import base64
import binascii
import copy
import datetime
import json
import re
from xml.etree import ElementTree

from botocore.parsers import RpcV2CBORParser
from botocore.utils import parse_timestamp

TIMES = {
    "iso8601": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"),
    "rfc822": re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
}
NUMBERS = {
    "integer": re.compile(r"-?\d+"),
    "long": re.compile(r"-?\d+"),
    "float": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?"),
    "double": re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?"),
}
BITS = {"integer": 31, "long": 63}
# What the front end of every service may answer, in no service's model: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
# and what the protocols name for a request that does not fit the model.
COMMON_ERRORS = {
    "AccessDenied": 403,
    "AccessDeniedException": 400,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "SerializationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationError": 400,
    "ValidationException": 400,
}


def problems_of(operation, answer):
    """Everything in an answer that the model of its operation does not have, in words.

    `answer` is what botocore hands to its parser: status_code, headers, body.
    """
    problems = []
    protocol = operation.service_model.resolved_protocol
    reader = READERS[protocol]
    status = answer["status_code"]
    try:
        if status >= 300:
            reader.error(operation, answer, problems)
        else:
            expected = operation.http.get("responseCode", 200)
            if status != expected and not has_status(operation.output_shape):
                problems.append(f"status {status}, expected {expected}")
            reader.output(operation, answer, problems)
    except (ValueError, ElementTree.ParseError) as error:
        problems.append(f"unreadable body: {error}")
    return problems


def has_status(shape):
    """Whether the status is itself a member of the answer (Lambda's Invoke)."""
    return shape and any(member.serialization.get("location") == "statusCode" for member in shape.members.values())


def check_text(shape, value, path, problems):
    """A string: one of its enumeration, as long as the model allows."""
    if shape.enum and value not in shape.enum:
        problems.append(f"{path}: {value!r} is none of {', '.join(shape.enum[:12])}")
    check_range(shape, len(value), path, problems)


def check_range(shape, size, path, problems):
    limits = shape.metadata
    if size < limits.get("min", size) or size > limits.get("max", size):
        problems.append(f"{path}: {size} is outside {limits.get('min', '')}..{limits.get('max', '')}")


def check_time(text, time_format, path, problems):
    if not isinstance(text, str) or not TIMES[time_format].fullmatch(text):
        problems.append(f"{path}: {text!r} is no time in {time_format}")
        return
    parse_timestamp(text)


def check_blob(text, path, problems):
    try:
        base64.b64decode(text, validate=True)
    except (TypeError, binascii.Error):
        problems.append(f"{path}: no base64")


class Values:
    """JSON and CBOR: a body is a value of maps, lists and scalars."""

    def __init__(self, decode, scalars):
        self.decode = decode
        self.scalars = scalars

    # SQS leaves out lists without items, required ones too, as its query protocol did (recorded answers show it).
    absent_lists = False

    def output(self, operation, answer, problems):
        shape = operation.output_shape
        body = answer["body"]
        self.absent_lists = operation.service_model.service_name == "sqs"
        if shape is None:
            if body not in (b"", b"{}") and self.decode(body) != {}:
                problems.append("a body, where the operation has no output")
            return
        self.check(shape, self.decode(body), "", problems)

    def error(self, operation, answer, problems):
        body = self.decode(answer["body"])
        code = str(body.pop("__type", "") or header(answer, "x-amzn-errortype")).split("#")[-1].split(":")[0]
        # The query code of a service that spoke the query protocol once.
        query_code = header(answer, "x-amzn-query-error").split(";")[0]
        shape = check_code(operation, code, answer["status_code"], problems, query_code)
        check_error_members(self, shape, body, problems)

    def check(self, shape, value, path, problems):
        if value is None:
            problems.append(f"{path}: null")
        elif shape.type_name == "structure":
            self.structure(shape, value, path, problems)
        elif shape.type_name == "list":
            if not isinstance(value, list):
                problems.append(f"{path}: {type(value).__name__}, expected a list")
                return
            if value:  # AWS sends lists without items where its model asks for one (Labels of GetParameterHistory)
                check_range(shape, len(value), path, problems)
            for index, item in enumerate(value):
                self.check(shape.member, item, f"{path}[{index}]", problems)
        elif shape.type_name == "map":
            if not isinstance(value, dict):
                problems.append(f"{path}: {type(value).__name__}, expected a map")
                return
            for key, item in value.items():
                check_text(shape.key, key, f"{path} key", problems)
                self.check(shape.value, item, f"{path}.{key}", problems)
        else:
            self.scalars(shape, value, path, problems)

    def structure(self, shape, value, path, problems):
        if not isinstance(value, dict):
            problems.append(f"{path}: {type(value).__name__}, expected {shape.name}")
            return
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        check_required(shape, value, path, problems, self.absent_lists)
        if shape.is_tagged_union and len(value) != 1:
            problems.append(f"{path}: {len(value)} members of a union")
        for name, item in value.items():
            if name in members:
                self.check(members[name], item, f"{path}.{name}", problems)
            else:
                problems.append(f"{path}.{name}: unknown member of {shape.name}")


def check_required(shape, present, path, problems, absent_lists):
    for name in shape.required_members:
        wire_name = shape.members[name].serialization.get("name", name)
        if wire_name not in present and not (absent_lists and shape.members[name].type_name == "list"):
            problems.append(f"{path}.{wire_name}: missing")


def check_json_scalar(shape, value, path, problems):
    kind = shape.type_name
    if kind in ("string", "char"):
        if isinstance(value, str):
            check_text(shape, value, path, problems)
            return
    elif kind == "boolean":
        if isinstance(value, bool):
            return
    elif kind in BITS:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2 ** BITS[kind]:
            check_range(shape, value, path, problems)
            return
    elif kind in ("float", "double"):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            check_range(shape, value, path, problems)
            return
    elif kind == "blob":
        check_blob(value, path, problems)
        return
    elif kind == "timestamp":
        time_format = shape.serialization.get("timestampFormat", "unixTimestamp")
        if time_format != "unixTimestamp":
            check_time(value, time_format, path, problems)
            return
        # From 2001 to 2100: neither milliseconds nor minutes.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 1e9 < value < 4.2e9:
            return
    problems.append(f"{path}: {type(value).__name__} {value!r:.60}, expected {kind}")


def check_cbor_scalar(shape, value, path, problems):
    """CBOR has bytes and times of its own."""
    expected = {"blob": bytes, "timestamp": datetime.datetime}.get(shape.type_name)
    if expected is None:
        check_json_scalar(shape, value, path, problems)
    elif not isinstance(value, expected):
        problems.append(f"{path}: {type(value).__name__}, expected {shape.type_name}")


class Decoded:
    """A body that is decoded already: what `encode` makes, since botocore writes no CBOR of answers."""

    def __init__(self, value):
        self.value = value


def decode_json(body):
    return copy.deepcopy(body.value) if isinstance(body, Decoded) else json.loads(body)


def decode_cbor(body):
    if isinstance(body, Decoded):
        return copy.deepcopy(body.value)
    parser = RpcV2CBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def decode(operation, body):
    """The value of a body in JSON or CBOR."""
    return (decode_cbor if "cbor" in operation.service_model.resolved_protocol else decode_json)(body)


def encode(value):
    """A body that holds a value."""
    return Decoded(value)


def is_xml(operation):
    return operation.service_model.resolved_protocol in ("query", "ec2", "rest-xml")


class Xml:
    """Elements: the query protocols, and the bodies of REST-XML."""

    def output(self, operation, answer, problems):
        root = ElementTree.fromstring(answer["body"])
        self.check_namespace(operation, root, problems)
        if local(root) != f"{operation.name}Response":
            problems.append(f"{local(root)}, expected {operation.name}Response")
        children = {local(child): child for child in root}
        metadata = children.pop("ResponseMetadata", None)
        if metadata is None or [local(child) for child in metadata] != ["RequestId"]:
            problems.append("no ResponseMetadata with a RequestId")
        shape = operation.output_shape
        wrapper = shape.serialization.get("resultWrapper") if shape else None
        result = children.pop(wrapper, None) if wrapper else None
        if children:
            problems.append(f"unknown elements {', '.join(children)}")
        if wrapper and result is None:
            problems.append(f"no {wrapper}")
        elif wrapper:
            self.structure(shape, result, "", problems)

    def error(self, operation, answer, problems):
        root = ElementTree.fromstring(answer["body"])
        self.check_namespace(operation, root, problems)
        names = [local(child) for child in root]
        if local(root) != "ErrorResponse" or names != ["Error", "RequestId"]:
            problems.append(f"{local(root)} with {', '.join(names)}, expected ErrorResponse with Error, RequestId")
        self.check_error(operation, root.find("./{*}Error"), answer, problems)

    def check_error(self, operation, error, answer, problems):
        members = {local(child): child for child in error}
        if "Code" not in members:
            problems.append("an error without a code")
            return
        code = members.pop("Code").text
        if members.pop("Type", error).text not in (None, "Sender", "Receiver"):
            problems.append("Type: neither Sender nor Receiver")
        shape = check_code(operation, code, answer["status_code"], problems)
        check_error_members(self, shape, members, problems)

    def check_namespace(self, operation, root, problems):
        expected = operation.service_model.metadata.get("xmlNamespace")
        found = root.tag[1:].split("}")[0] if root.tag.startswith("{") else None
        if found != expected:
            problems.append(f"namespace {found}, expected {expected}")

    def structure(self, shape, element, path, problems):
        if (element.text or "").strip():
            problems.append(f"{path}: text in a structure")
        members, flat = {}, set()
        for name, member in shape.members.items():
            if member.serialization.get("location"):
                continue
            wire_name = element_name(name, member)
            members[wire_name] = member
            if member.type_name in ("list", "map") and member.serialization.get("flattened"):
                flat.add(wire_name)
        found = {}
        for child in element:
            found.setdefault(local(child), []).append(child)
        for name in shape.required_members:
            member = shape.members[name]
            # No element: a list without items, which XML cannot tell from one that is absent.
            if member.serialization.get("location") or member.type_name == "list":
                continue
            if element_name(name, member) not in found and not member.serialization.get("xmlAttribute"):
                problems.append(f"{path}.{name}: missing")
        for name, children in found.items():
            member = members.get(name)
            if member is None:
                problems.append(f"{path}.{name}: unknown member of {shape.name}")
            elif name in flat:
                self.items(member, children, f"{path}.{name}", problems)
            elif len(children) > 1:
                problems.append(f"{path}.{name}: {len(children)} times")
            else:
                self.check(member, children[0], f"{path}.{name}", problems)

    def check(self, shape, element, path, problems):
        kind = shape.type_name
        if kind == "structure":
            self.structure(shape, element, path, problems)
        elif kind == "list":
            expected = shape.member.serialization.get("name", "member")
            for child in element:
                if local(child) != expected:
                    problems.append(f"{path}: {local(child)}, expected {expected}")
            self.items(shape, list(element), path, problems)
        elif kind == "map":
            for child in element:
                if local(child) != "entry":
                    problems.append(f"{path}: {local(child)}, expected entry")
            self.items(shape, list(element), path, problems)
        elif len(element):
            problems.append(f"{path}: elements in a {kind}")
        else:
            self.scalar(shape, element.text or "", path, problems)

    def items(self, shape, children, path, problems):
        if shape.type_name == "list":
            check_range(shape, len(children), path, problems)
            for index, child in enumerate(children):
                self.check(shape.member, child, f"{path}[{index}]", problems)
            return
        names = [element_name(name, part, name) for name, part in (("key", shape.key), ("value", shape.value))]
        for child in children:
            parts = {local(part): part for part in child}
            if sorted(parts) != sorted(names):
                problems.append(f"{path}: an entry of {', '.join(parts)}, expected {', '.join(names)}")
                continue
            self.check(shape.key, parts[names[0]], f"{path} key", problems)
            self.check(shape.value, parts[names[1]], f"{path}.{parts[names[0]].text}", problems)

    def scalar(self, shape, text, path, problems):
        kind = shape.type_name
        if kind in ("string", "char"):
            check_text(shape, text, path, problems)
        elif kind == "boolean":
            if text not in ("true", "false"):
                problems.append(f"{path}: {text!r}, expected true or false")
        elif kind in NUMBERS:
            if not NUMBERS[kind].fullmatch(text):
                problems.append(f"{path}: {text!r}, expected {kind}")
            else:
                check_range(shape, float(text), path, problems)
        elif kind == "blob":
            check_blob(text, path, problems)
        elif kind == "timestamp":
            check_time(text, shape.serialization.get("timestampFormat", "iso8601"), path, problems)

    def error_member(self, shape, value, path, problems):
        self.check(shape, value, path, problems)


class Ec2(Xml):
    """The query protocol of EC2: no wrapper, and errors of another form."""

    def output(self, operation, answer, problems):
        root = ElementTree.fromstring(answer["body"])
        found = root.tag[1:].split("}")[0]
        # EC2's answers name the version of the API; botocore's model has the same.
        expected = f"http://ec2.amazonaws.com/doc/{operation.service_model.api_version}/"
        if found.rstrip("/") != expected.rstrip("/"):
            problems.append(f"namespace {found}, expected {expected}")
        if local(root) != f"{operation.name}Response":
            problems.append(f"{local(root)}, expected {operation.name}Response")
        ids = [child for child in root if local(child) == "requestId"]
        if len(ids) != 1:
            problems.append("no requestId")
        for child in ids:
            root.remove(child)
        if operation.output_shape:
            self.structure(operation.output_shape, root, "", problems)

    def error(self, operation, answer, problems):
        root = ElementTree.fromstring(answer["body"])
        names = [local(child) for child in root]
        if local(root) != "Response" or names != ["Errors", "RequestID"]:
            problems.append(f"{local(root)} with {', '.join(names)}, expected Response with Errors, RequestID")
        for error in root.findall("./{*}Errors/{*}Error"):
            if sorted(local(child) for child in error) != ["Code", "Message"]:
                problems.append("an error without Code and Message")


class Rest:
    """REST: what the model puts into the body is a body's, the rest is in headers and in the status."""

    def __init__(self, body):
        self.body = body

    def output(self, operation, answer, problems):
        shape = operation.output_shape
        payload = shape.serialization.get("payload") if shape else None
        body = answer["body"]
        if shape is None:
            if body not in (b"", b"{}"):
                problems.append("a body, where the operation has no output")
            return
        self.headers(shape, answer, problems)
        inside = [name for name, member in shape.members.items() if not member.serialization.get("location")]
        if payload:
            member = shape.members[payload]
            if member.type_name == "structure" and body != b"":
                self.body.payload(member, body, payload, problems)
        elif inside:
            self.body.document(operation, shape, body, problems)
        elif hasattr(body, "strip") and body.strip() not in (b"", b"{}"):
            problems.append("a body, where the model has none")

    def headers(self, shape, answer, problems):
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            if location == "header":
                text = header(answer, member.serialization["name"])
                if text == "":
                    if name in shape.required_members:
                        problems.append(f"header {member.serialization['name']}: missing")
                elif member.type_name == "timestamp":
                    time_format = member.serialization.get("timestampFormat", "rfc822")
                    check_time(text, time_format, f"header {name}", problems)
                else:
                    Xml().scalar(member, text, f"header {name}", problems)

    def error(self, operation, answer, problems):
        self.body.rest_error(operation, answer, problems)


class JsonBody(Values):
    """The body of REST-JSON."""

    def __init__(self):
        super().__init__(decode_json, check_json_scalar)

    def payload(self, shape, body, path, problems):
        self.check(shape, decode_json(body), path, problems)

    def document(self, operation, shape, body, problems):
        value = decode_json(body)
        outside = {name for name, member in shape.members.items() if member.serialization.get("location")}
        self.structure(Inside(shape, outside), value, "", problems)

    def rest_error(self, operation, answer, problems):
        if not header(answer, "x-amzn-errortype"):
            problems.append("header x-amzn-ErrorType: missing")
        body = answer["body"] or b"{}"
        self.error(operation, {**answer, "body": body}, problems)


class XmlBody(Xml):
    """The body of REST-XML: S3's."""

    def payload(self, shape, body, path, problems):
        self.structure(shape, ElementTree.fromstring(body), path, problems)

    def document(self, operation, shape, body, problems):
        root = ElementTree.fromstring(body)
        if not root.tag.startswith("{http://s3.amazonaws.com/doc/2006-03-01/}"):
            problems.append(f"{root.tag}: expected S3's namespace")
        self.structure(shape, root, "", problems)

    def rest_error(self, operation, answer, problems):
        if answer["body"] == b"":
            # An answer to HEAD, or 304: there is no body for a code.
            if operation.http["method"] != "HEAD" and answer["status_code"] != 304:
                problems.append("an error without a body")
            return
        root = ElementTree.fromstring(answer["body"])
        members = {local(child): child.text for child in root}
        if local(root) != "Error" or not {"Code", "Message", "RequestId"} <= set(members):
            problems.append(f"{local(root)} with {', '.join(members)}, expected Error with Code, Message, RequestId")
        check_code(operation, members.get("Code"), answer["status_code"], problems)


class Inside:
    """The part of a shape that is in the body."""

    def __init__(self, shape, outside):
        self.name = shape.name
        self.is_tagged_union = False
        self.members = {name: member for name, member in shape.members.items() if name not in outside}
        self.required_members = [name for name in shape.required_members if name not in outside]


def check_code(operation, code, status, problems, query_code=""):
    """The shape of an error, where the model of the service has one; its code must be one that AWS knows."""
    service = operation.service_model
    shape = service.shape_for_error_code(query_code or code) or service.shape_for_error_code(code)
    if shape is None:
        if code in COMMON_ERRORS:
            if status != COMMON_ERRORS[code] and not (code == "AccessDeniedException" and status == 403):
                problems.append(f"{code}: status {status}, expected {COMMON_ERRORS[code]}")
        elif code not in UNMODELLED.get(service.service_name, ()):
            problems.append(f"{code}: no error of {service.service_name}")
        return None
    expected = shape.metadata.get("error", {}).get("httpStatusCode")
    allowed = [expected or (500 if shape.metadata.get("fault") else 400)]
    if expected is None and "awsQueryCompatible" in service.metadata:
        # The status that the query protocol had, which the model has lost (403 of PurgeQueueInProgress is recorded).
        allowed += [403, 404]
    if status not in allowed:
        problems.append(f"{code}: status {status}, expected {allowed[0]}")
    return shape


# Errors that the pages of a service have, and its model has not.
UNMODELLED = {
    "s3": {
        "AccessDenied",
        "BadDigest",
        "BucketNotEmpty",
        "InvalidAccessKeyId",
        "InvalidArgument",
        "InvalidRequest",
        "MalformedPolicy",
        "MalformedXML",
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "PreconditionFailed",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
}


def check_error_members(reader, shape, members, problems):
    """An error has a message, and beside it only what its shape has."""
    known = {name: member for name, member in (shape.members if shape else {}).items()}
    if "message" not in {name.lower() for name in members}:
        problems.append("an error without a message")
    for name, value in members.items():
        if name in known:
            reader.check(known[name], value, f"error.{name}", problems)
        elif name.lower() != "message":
            problems.append(f"error.{name}: unknown member of {shape.name if shape else 'an error'}")


def element_name(name, shape, otherwise=None):
    """How an element of a member is called: a flattened list has the name of its items."""
    serialization = shape.serialization
    if shape.type_name == "list" and serialization.get("flattened"):
        return shape.member.serialization.get("name", serialization.get("name", name))
    return serialization.get("name", otherwise or name)


def local(element):
    return element.tag.split("}")[-1]


def header(answer, name):
    return next((value for key, value in answer["headers"].items() if key.lower() == name.lower()), "")


READERS = {
    "json": Values(decode_json, check_json_scalar),
    "smithy-rpc-v2-cbor": Values(decode_cbor, check_cbor_scalar),
    "query": Xml(),
    "ec2": Ec2(),
    "rest-json": Rest(JsonBody()),
    "rest-xml": Rest(XmlBody()),
}
