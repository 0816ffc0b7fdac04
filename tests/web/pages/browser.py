"""A browser as far as pages without JavaScript need one: it keeps cookies, reads HTML, fills in and sends forms."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

from tests import build
from web.pages import assets

_EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_BLOCKS = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main menu"
    " nav ol p pre search section table ul".split()
)
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Element:
    """One element of a page."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None" = None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.inside: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        """An attribute; '' when it is missing."""
        return self.attributes.get(name, "")

    def all(self, tag: str = "", **attributes: str) -> "list[Element]":
        """The elements below this one, with this tag and these attributes (`class_` holds one class)."""
        return [each for each in self._below() if _fits(each, tag, attributes)]

    def one(self, tag: str = "", **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × <{tag} {attributes}>"
        return found[0]

    @property
    def text(self) -> str:
        """The words in it, with single blanks between them."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for each in self.inside:
            if isinstance(each, str):
                yield each
            else:
                yield from each._words()

    def _below(self) -> "Iterator[Element]":
        for each in self.inside:
            if isinstance(each, Element):
                yield each
                yield from each._below()


class Page(Element):
    """An answer, read as HTML; elements that are never closed, or closed twice, are an error of the page."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__("", {})
        self.answer = answer
        self.status = answer.status_code
        self.headers = answer.headers
        self.source = answer.text
        reading = _Reading(self)
        reading.feed(answer.text)
        reading.close()
        assert reading.open == [self], f"not closed: {[each.tag for each in reading.open[1:]]}"

    @property
    def main(self) -> str:
        """The words of its main part."""
        return self.one("main").text

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [each["href"] for each in self.all("a")]

    @property
    def problem(self) -> str:
        """What it says is wrong; '' when nothing is."""
        return " ".join(each.text for each in self.all("p", role="alert"))

    @property
    def scripts(self) -> list[Element]:
        """What could run in it, but for files of ours named in its head: one in every page, keys where one chooses."""
        files = [assets.address(name) for name in ("comfort.js", "keys.js")]
        ours = [each for each in self.one("head").all("script") if each["src"] in files]
        return [each for each in self.all("script") if each not in ours or each.inside]

    def form(self, action: str) -> Element:
        """The form that is sent to this address."""
        found = [each for each in self.all("form") if (each["action"] or urlsplit(str(self.answer.url)).path) == action]
        found = found or self.all("form", id=(self.all("button", formaction=action) or [Element("", {})])[0]["form"])
        assert len(found) == 1, f"{len(found)} forms to {action}: {[each['action'] for each in self.all('form')]}"
        return found[0]


class Browser:
    """Somebody in front of a browser; follows a redirect only when told."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page, and do not follow where it sends on."""
        sent = {"accept": ACCEPT} | {name.replace("_", "-"): value for name, value in headers.items()}
        return Page(await self.client.get(path, headers=sent))

    async def open(self, path: str) -> Page:
        """Open a page, wherever it sends on to."""
        page = await self.get(path)
        for _hop in range(5):
            if page.status not in (301, 302, 303):
                return page
            page = await self.get(page.headers["location"])
        raise AssertionError(f"{path} leads round in circles")

    async def send(self, page: Page, action: str, **fields: str) -> Page:
        """Fill in the form of a page and send it, with everything that stands in it already."""
        form = page.form(action)
        # As the Fetch standard has it (§"append a request Origin header"): then a browser hides where a form came from.
        hidden = {"origin": "null"} if page.headers.get("referrer-policy") == "no-referrer" else {}
        return await self.post(action, filled(form) | fields, **hidden)

    async def send_with(self, page: Page, action: str, files: Mapping[str, tuple[str, bytes]], **fields: str) -> Page:
        """As `send`, with files chosen in some of its fields; the others of that kind stay empty."""
        form = page.form(action)
        assert form["enctype"] == "multipart/form-data"
        empty = {each["name"]: ("", b"") for each in form.all("input", type="file")}
        assert set(files) <= set(empty), f"no fields for files: {set(files) - set(empty)}"
        words = {name: value for name, value in (filled(form) | fields).items() if name not in empty}
        return Page(await self.client.post(action, data=words, files=empty | dict(files), headers={"accept": ACCEPT}))

    async def post(self, path: str, fields: Mapping[str, str | list[str]], **headers: str) -> Page:
        """Send a form, as it is."""
        sent = {"accept": ACCEPT} | {name.replace("_", "-"): value for name, value in headers.items()}
        return Page(await self.client.post(path, data=dict(fields), headers=sent))

    async def button(self, page: Page, action: str, **fields: str) -> Page:
        """Send the form of a page, and open where that leads."""
        answer = await self.send(page, action, **fields)
        assert answer.status == 303, f"{answer.status}: {answer.main if answer.source else ''}"
        return await self.open(answer.headers["location"])

    def remember(self, name: str, value: str) -> None:
        """A cookie of this site, wherever it came from."""
        self.client.cookies.set(name, value, domain=urlsplit(build.BASE).netloc, path="/")

    @property
    def cookies(self) -> dict[str, str]:
        """What it has been told to remember."""
        return dict(self.client.cookies)


class _Reading(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = [page]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice: {names}"
        if tag in _BLOCKS:
            assert not any(each.tag == "p" for each in self.open), f"<{tag}> inside of <p>: browsers end the paragraph"
        if tag == "form":
            assert not any(each.tag == "form" for each in self.open), "a form inside of a form"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open[-1])
        self.open[-1].inside.append(element)
        if tag not in _EMPTY and not (self.open[-1].tag == "svg" and tag == "use"):
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def client_of(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client with cookies of its own."""
    return httpx.AsyncClient(transport=transport, base_url=build.BASE)


def filled(form: Element) -> dict[str, str]:
    """What the form says when nobody has touched it."""
    fields = {}
    for field in form.all():
        if field.tag == "input" and (field["type"] not in ("checkbox", "radio") or "checked" in field.attributes):
            fields[field["name"]] = field["value"]
        elif field.tag == "textarea":
            fields[field["name"]] = field.text
        elif field.tag == "select":
            chosen = [each for each in field.all("option") if "selected" in each.attributes] or field.all("option")[:1]
            fields[field["name"]] = chosen[0].attributes.get("value", chosen[0].text) if chosen else ""
    return fields


def _fits(element: Element, tag: str, attributes: dict[str, str]) -> bool:
    if tag and element.tag != tag:
        return False
    for name, value in attributes.items():
        if name == "class_":
            if value not in element["class"].split():
                return False
        elif element.attributes.get(name.replace("_", "-")) != value:
            return False
    return True
