"""One canonical reading of every URL, and no reading at all of those that parsers disagree about."""

import json

import httpx
import pytest

from activitypub.errors import Malformed
from activitypub.origins import MAX_URL, Origin, check_id, host_named, host_of, is_url, origin, same_origin
from tests.corpus import corpus

ONE_HOST = [
    "https://groups.example/u/a",
    "https://GROUPS.example/u/a",
    "https://groups.example:443/u/a",
    "https://groups.example./u/a",
    "HTTPS://groups.example:/u/a",
]
NO_URL = [
    "https://user:pass@remote.example/",
    "https://remote.example@127.0.0.1/",
    "https://remote.example\\@127.0.0.1/",
    "https://remote.example\\.evil.example/",
    "https:///remote.example/",
    "https:remote.example/",
    "//remote.example/",
    "remote.example/u/a",
    "https://",
    "https://:443/",
    "https://exa\tmple.org/",
    "https://example.org/a b",
    "https://example.org/a\nb",
    " https://example.org/",
    "https://example.org/\u202egro",
    "https://exam\u00adple.org/",
    "https://exam\u200bple.org/",
    "https://ｅxample.org/",
    "https://example%2eorg/",
    "https://example..org/",
    "https://.example.org/",
    "https://example.org:0/",
    "https://example.org:65536/",
    "https://example.org:-1/",
    "https://example.org:8o/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1.5/",
    "https://[::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[::g]/",
    "https://①②⑦.⓪.⓪.①/",
    "https://exa<mple.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "data:application/activity+json,{}",
    "javascript:alert(1)",
    "gopher://127.0.0.1:6379/_INFO",
    "unix:/var/run/docker.sock",
    "acct:alice@example.org",
    "",
]


@pytest.mark.parametrize(
    "typed",
    ["groups.example", " Groups.EXAMPLE ", "https://groups.example", "https://groups.example/about", "groups.example/"],
)
def test_a_server_is_named_as_people_do_it(typed: str) -> None:
    assert host_named(typed) == "groups.example"


@pytest.mark.parametrize("typed", ["", "a b", "ftp://groups.example", "https://", "://groups.example", "*.example"])
def test_what_names_no_server_is_refused(typed: str) -> None:
    with pytest.raises(Malformed):
        host_named(typed)


@pytest.mark.attack("ORI-27", "ORI-09", "ORI-33")
@pytest.mark.parametrize("url", ONE_HOST)
def test_a_host_has_one_spelling_however_it_is_written(url: str) -> None:
    assert host_of(url) == "groups.example"
    assert origin(url) == Origin("https", "groups.example", 443)
    assert check_id(url) == "https://groups.example/u/a"


@pytest.mark.attack("ORI-27")
@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("https://exämple.org/ü", "https://xn--exmple-cua.org/ü"),
        ("https://EXÄMPLE.org/", "https://xn--exmple-cua.org/"),
        ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://127。0。0。1/", "https://127.0.0.1/"),
        ("https://[0:0:0:0:0:0:0:1]/", "https://[::1]/"),
        ("https://[::FFFF:7f00:1]:8443/x", "https://[::ffff:7f00:1]:8443/x"),
        ("http://example.org:80", "http://example.org"),
    ],
)
def test_what_is_compared_is_what_a_connection_is_made_to(spelled: str, canonical: str) -> None:
    assert check_id(spelled) == canonical
    assert check_id(canonical) == canonical


@pytest.mark.parametrize("url", ["https://a.example/x", "https://exämple.org/", "https://[2001:DB8::1]:8443/"])
def test_the_client_connects_with_the_host_that_was_compared(url: str) -> None:
    assert httpx.URL(check_id(url)).raw_host.decode() == origin(url).host


@pytest.mark.attack("ORI-33", "ORI-27")
@pytest.mark.parametrize("url", NO_URL)
def test_what_parsers_read_differently_is_no_url(url: str) -> None:
    with pytest.raises(Malformed):
        origin(url)
    with pytest.raises(Malformed):
        check_id(url)
    assert not is_url(url)
    assert not same_origin(url, url)


@pytest.mark.attack("ORI-33")
@pytest.mark.parametrize(
    "other",
    [
        "http://a.example/x",
        "https://a.example:8443/x",
        "https://b.a.example/x",
        "https://a.example.evil.test/x",
        "https://a.example:4430/x",
        "https://a-example/x",
        "",
    ],
)
def test_another_scheme_host_or_port_is_another_origin(other: str) -> None:
    assert not same_origin("https://a.example/x", other)


def test_path_query_and_fragment_do_not_make_an_origin() -> None:
    assert same_origin("https://a.example/users/x?page=1#main-key", "https://A.example:443")
    assert same_origin("https://a.example?/x", "https://a.example/")
    assert check_id("https://a.example?next=/b") == "https://a.example?next=/b"


def test_a_port_of_its_own_is_part_of_the_host() -> None:
    assert host_of("http://127.0.0.1:8420/u/a") == "127.0.0.1:8420"
    assert host_of("https://[::1]:8443/") == "[::1]:8443"
    assert host_of("https://[::1]/") == "[::1]"


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, ["https://a.example/"], b"https://a.example/"])
def test_what_is_no_string_is_no_id(value: object) -> None:
    with pytest.raises(Malformed):
        check_id(value)


def test_the_length_of_a_url_is_bounded() -> None:
    base = "https://a.example/"

    assert is_url(base + "x" * (MAX_URL - len(base)))
    assert not is_url(base + "x" * (MAX_URL - len(base) + 1))


@pytest.mark.parametrize("path", ["url/urldata.json", "url/urltestdata.json", "url/ada_extra_urltestdata.json"])
def test_no_url_of_the_web_platform_tests_is_read_differently_by_the_client(path: str) -> None:
    if path == "url/urldata.json":
        cases = [{"input": url} for url in NO_URL + ONE_HOST]
    else:
        cases = json.loads(corpus(f"vectors/{path}").read_text())
    tried = 0

    for case in cases:
        url = case["input"] if isinstance(case, dict) else case
        if not is_url(url):
            continue
        found = origin(url)
        client = httpx.URL(check_id(url))
        assert client.raw_host.decode() == found.host, url
        if isinstance(case, dict) and "hostname" in case:
            assert found.host == case["hostname"].strip("[]").removesuffix("."), url
        tried += 1
    assert tried > 3
