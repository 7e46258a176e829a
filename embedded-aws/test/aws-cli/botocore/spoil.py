"""Spoils an answer in every small way that its model forbids: `answers.problems_of` must find each."""

import copy
from xml.etree import ElementTree

import answers

UNKNOWN = "unheardOf"


def all_of(operation, answer):
    """Pairs: what was spoiled, and whether it was found."""
    if answer["status_code"] >= 300:
        spoiled = error(operation, answer)
    else:
        spoiled = [("the status", {**answer, "status_code": 299}), *bodies(operation, answer)]
    return [(what, answers.problems_of(operation, one) != []) for what, one in spoiled]


def bodies(operation, answer):
    shape = operation.output_shape
    if answers.is_xml(operation):
        root = ElementTree.fromstring(answer["body"])
        top = (
            root.find(f"{{*}}{shape.serialization['resultWrapper']}")
            if "resultWrapper" in shape.serialization
            else root
        )
        for what, act in in_xml(shape, top, ""):
            undo = act()
            yield what, {**answer, "body": ElementTree.tostring(root)}
            undo()
        return
    tree = answers.decode(operation, answer["body"])
    for what, spoil in in_values(shape, tree, "", lambda item: item):
        yield what, {**answer, "body": answers.encode(spoil)}


def error(operation, answer):
    body = answer["body"]
    if answers.is_xml(operation):
        root = ElementTree.fromstring(body)
        (code,) = [element for element in root.iter() if answers.local(element) == "Code"]
        code.text = UNKNOWN
        # The model of EC2 has no errors.
        if operation.service_model.error_shapes:
            yield "the code", {**answer, "body": ElementTree.tostring(root)}
        code.tag = UNKNOWN
        yield "no code", {**answer, "body": ElementTree.tostring(root)}
        return
    tree = answers.decode(operation, body)
    for what, change in (
        ("the code", {"__type": UNKNOWN}),
        ("an unknown member", {UNKNOWN: "text"}),
    ):
        headers = {name: value for name, value in answer["headers"].items() if "error" not in name.lower()}
        yield what, {**answer, "headers": headers, "body": answers.encode({**tree, **change})}
    yield "the status", {**answer, "status_code": 418}


def in_values(shape, value, path, put):
    """`put` makes the whole tree with another value in this place."""
    kind = shape.type_name
    if kind == "structure":
        yield f"{path}: an unknown member", put({**value, UNKNOWN: 1})
        yield f"{path}: a list", put([])
        for name, member in shape.members.items():
            wire_name = member.serialization.get("name", name)
            if wire_name not in value or member.serialization.get("location"):
                continue
            if name in shape.required_members:
                less = {key: item for key, item in value.items() if key != wire_name}
                yield f"{path}.{wire_name}: missing", put(less)
            into = lambda item, key=wire_name: put({**value, key: item})
            yield from in_values(member, value[wire_name], f"{path}.{wire_name}", into)
    elif kind == "list":
        yield f"{path}: no list", put({"0": 1})
        if value:
            yield from in_values(shape.member, value[0], f"{path}[0]", lambda item: put([item, *value[1:]]))
    elif kind == "map":
        yield f"{path}: no map", put([])
    else:
        yield f"{path}: null", put(None)
        yield f"{path}: an object", put({})
        if kind == "string" and shape.enum:
            yield f"{path}: outside its enumeration", put(UNKNOWN)
        if kind in ("string", "timestamp", "blob"):
            yield f"{path}: a truth value", put(True)
        else:
            yield f"{path}: a text", put("1")
        if kind == "timestamp":
            yield f"{path}: in milliseconds", put(1_767_225_600_000)


def in_xml(shape, element, path):
    """Pairs: what is spoiled, and a function that does it and gives one that undoes it."""
    kind = shape.type_name
    if kind == "structure":
        yield f"{path}: an unknown member", lambda: append(element, ElementTree.Element(UNKNOWN))
        for name, member in shape.members.items():
            found = [child for child in element if answers.local(child) == answers.element_name(name, member)]
            if not found:
                continue
            where = f"{path}.{name}"
            if name in shape.required_members and member.type_name != "list":
                yield f"{where}: missing", lambda one=found[0]: remove(element, one)
            if member.serialization.get("flattened"):
                if member.type_name == "list":
                    yield from in_xml(member.member, found[0], f"{where}[0]")
                continue
            yield f"{where}: twice", lambda one=found[0]: append(element, copy.deepcopy(one))
            yield from in_xml(member, found[0], where)
    elif kind in ("list", "map"):
        yield f"{path}: an unknown element", lambda: append(element, ElementTree.Element(UNKNOWN))
        if kind == "list" and len(element):
            yield from in_xml(shape.member, element[0], f"{path}[0]")
    elif kind != "string" or shape.enum:
        yield f"{path}: no {kind}", lambda: write(element, UNKNOWN)
    else:
        yield f"{path}: an element", lambda: append(element, ElementTree.Element(UNKNOWN))


def append(element, child):
    element.append(child)
    return lambda: element.remove(child)


def remove(element, child):
    index = list(element).index(child)
    element.remove(child)
    return lambda: element.insert(index, child)


def write(element, text):
    before, element.text = element.text, text

    def undo():
        element.text = before

    return undo
