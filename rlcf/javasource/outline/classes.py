"""Classes of whole source files with their members as text, comments and annotations left out.

    for one in classes(data): one.head, [member.head for member in one.members]

A file is parsed once and only its declarations are looked at, never what stands in bodies: 5 MB a second.
Documentation comments are kept apart; so are annotations gone, most of which name classes that are not there.

Not covered: files in other encodings than UTF-8 (their letters are replaced), members of enums, records and
annotation types (as members of other classes they are there), initialisers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_java

_JAVA = tree_sitter.Language(tree_sitter_java.language())
OWNERS = {"class_declaration": "class", "interface_declaration": "interface"}
"""Kinds whose members are looked at, and the keyword of each."""
_TYPES = (*OWNERS, "enum_declaration", "record_declaration", "annotation_type_declaration")
_FIELDS = ("field_declaration", "constant_declaration")
_CALLED = ("method_declaration", "constructor_declaration")

_LEFT_OUT = re.compile(
    r'''
    (?P<gone>//[^\r\n]*|/\*.*?\*/
    |@(?!interface\b)[A-Za-z_$][\w.$]*
     (?:[ ]*\((?:[^()"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\([^()]*\))*\))?)
    |"""[ \t\f]*[\r\n](?:\\.|[^\\])*?"""
    |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'
    ''',
    re.VERBOSE | re.DOTALL,
)
"""Comments and annotations, and the literals that may hold what looks like them."""
_EMPTY_LINES = re.compile(r"(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Member:
    """A declaration in a class."""

    kind: str
    """method, constructor, field or type."""
    names: tuple[str, ...]
    doc: str
    """The documentation comment before it."""
    head: str
    """Of a method what stands before its body; of others all of it."""
    body: str | None = None
    """What stands between the braces of a method; None where it has none."""

    @property
    def text(self) -> str:
        return self.head if self.body is None else f"{self.head} {{\n{self.body}\n}}"


@dataclass(frozen=True, slots=True)
class ClassText:
    """A class or interface of a file."""

    package: str
    imports: tuple[str, ...]
    """Whole lines."""
    name: str
    head: str
    """`class Name<T>`, of modifiers only `abstract`, without what it extends."""
    extends: str
    """The rest of the head."""
    members: list[Member] = field(repr=False)


def classes(data: bytes) -> list[ClassText]:
    """The classes and interfaces of a file, nested ones too; of a file with errors those that are read."""
    root = tree_sitter.Parser(_JAVA).parse(data).root_node
    package, imports = "", []
    for child in root.named_children:
        if child.type == "package_declaration":
            package = _text(data, child).removeprefix("package").strip(" ;\n\t")
        elif child.type == "import_declaration":
            imports.append(" ".join(_text(data, child).split()))
    found = []
    for node in _owners(root):
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None or node.has_error:
            continue
        parameters = node.child_by_field_name("type_parameters")
        last = parameters or name
        head = f"{_keywords(node)} {_text(data, name)}{_text(data, parameters) if parameters else ''}"
        rest = without_comments(data[last.end_byte : body.start_byte].decode("utf-8", "replace")).strip()
        members = [*_members(data, body)]
        found.append(ClassText(package, tuple(imports), _text(data, name), head, rest, members))
    return found


def _keywords(node: tree_sitter.Node) -> str:
    first = node.named_children[0]
    abstract = first.type == "modifiers" and any(child.type == "abstract" for child in first.children)
    return f"abstract {OWNERS[node.type]}" if abstract else OWNERS[node.type]


def without_comments(text: str) -> str:
    """Java without comments, annotations and empty lines."""
    if "/" in text or "@" in text:
        text = _LEFT_OUT.sub(lambda match: " " if match.lastgroup else match.group(), text)
    return _EMPTY_LINES.sub("\n", text)


def _owners(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    left = [root]
    while left:
        for child in left.pop().named_children:
            if child.type in OWNERS:
                yield child
                body = child.child_by_field_name("body")
                if body is not None:
                    left.append(body)


def _members(data: bytes, body: tree_sitter.Node) -> Iterator[Member]:
    doc = ""
    for child in body.named_children:
        if child.type == "block_comment":
            doc = _text(data, child)
            continue
        if child.type == "line_comment":
            continue
        if child.type in _CALLED:
            yield _method(data, child, doc)
        elif child.type in _FIELDS:
            names = [one.child_by_field_name("name") for one in child.children_by_field_name("declarator")]
            yield Member("field", tuple(_text(data, one) for one in names if one), doc, _plain(data, child))
        elif child.type in _TYPES:
            named = child.child_by_field_name("name")
            yield Member("type", (_text(data, named),) if named else (), doc, _plain(data, child))
        doc = ""


def _method(data: bytes, node: tree_sitter.Node, doc: str) -> Member:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    names = (_text(data, name),) if name else ()
    kind = "method" if node.type == "method_declaration" else "constructor"
    if body is None:
        return Member(kind, names, doc, _plain(data, node))
    head = without_comments(data[node.start_byte : body.start_byte].decode("utf-8", "replace"))
    # Of a body on one line the first column is not that of its block.
    line = b"\n" in data[body.start_byte : body.end_byte]
    inside = data[body.start_byte + 1 : body.end_byte - 1].decode("utf-8", "replace")
    inside = without_comments(inside) if line else without_comments(inside.strip())
    return Member(kind, names, doc, " ".join(head.split()), inside.strip("\n").rstrip())


def _plain(data: bytes, node: tree_sitter.Node) -> str:
    column = " " * node.start_point.column
    return without_comments(column + _text(data, node)).strip("\n").rstrip()


def _text(data: bytes, node: tree_sitter.Node) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")
