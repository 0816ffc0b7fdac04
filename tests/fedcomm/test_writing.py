"""What members write becomes HTML."""

import re
import time

import pytest

from fedcomm import titles, writing
from fedcomm.mapping import posts
from tests.fedcomm.test_sanitise import ALLOWED

KNOWN = {
    "ann": ("https://here.example/@ann", "Ann"),
    "garden@b.example": ("https://b.example/c/garden", "garden@b.example"),
}


def html(text: str) -> str:
    """The HTML without the attributes that all links have."""
    written = writing.write(text, KNOWN, "https://here.example").html
    return written.replace(' rel="nofollow noopener noreferrer"', "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("a\r\nb\n\n\n\nc", "<p>a<br>b</p><p>c</p>"),
        ("    indented", "<p>indented</p>"),
        ("# no heading\n---\n+1", "<p># no heading<br>---<br>+1</p>"),
        ("snake_case_ and _this_ 5*3*2 2 * 3", "<p>snake_case_ and _this_ 5*3*2 2 * 3</p>"),
        (r"¯\_(ツ)_/¯ C:\new", r"<p>¯\_(ツ)_/¯ C:\new</p>"),
        (">:-( and\n\n>_<", "<p>&gt;:-( and</p><p>&gt;_&lt;</p>"),
        ("AT&T &amp; <b>", "<p>AT&amp;T &amp;amp; &lt;b&gt;</p>"),
        ("mail a@b.example", "<p>mail a@b.example</p>"),
    ],
)
def test_text_written_as_in_mastodon_comes_out_as_it_was_meant(text: str, expected: str) -> None:
    assert html(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** and *stressed*", "<p><strong>bold</strong> and <em>stressed</em></p>"),
        (r"\*not\*", "<p>*not*</p>"),
        ("> quoted\n\nanswer", "<blockquote><p>quoted</p></blockquote><p>answer</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("`@ann #x`", "<p><code>@ann #x</code></p>"),
        ("```\n<b>\n\n  @ann\n```", "<pre><code>&lt;b&gt;\n\n  @ann\n</code></pre>"),
        ("[word](https://x.example/a?b=1&c)", '<p><a href="https://x.example/a?b=1&amp;c">word</a></p>'),
    ],
)
def test_a_little_markdown_is_understood(text: str, expected: str) -> None:
    assert html(text) == expected


def test_known_people_and_groups_become_links_and_unknown_ones_stay_text() -> None:
    written = writing.write("@Ann, !garden@B.example: @nobody@x.example (@ann)", KNOWN)

    assert written.mentions == ("ann", "garden@b.example", "nobody@x.example")
    assert 'class="h-card" translate="no"><a href="https://here.example/@ann" class="u-url mention"' in written.html
    assert "@<span>Ann</span>" in written.html and "!<span>garden</span>" in written.html
    assert "@nobody@x.example" in written.html


def test_those_to_get_to_know_are_all_that_may_become_links_also_groups_by_their_sign() -> None:
    assert writing.mentions("!garden and !rye@b.example are worth it, says @ann") == ("garden", "rye@b.example", "ann")
    assert writing.mentions("Nobody is named here: a#tag, https://here.example/x") == ()


def test_who_knows_the_mentioned_may_be_a_function() -> None:
    assert (
        "u-url"
        in writing.write("@bob", lambda handle: ("https://x.example/bob", "bob") if handle == "bob" else None).html
    )


def test_a_host_may_have_a_port_and_other_letters() -> None:
    assert writing.mentions("@a@127.0.0.1:8420, @b@münchen.example. @c@localhost") == (
        "a@127.0.0.1:8420",
        "b@münchen.example",
        "c@localhost",
    )


@pytest.mark.parametrize(
    "text", ["a@b.example", "https://x.example/@ann", "x/@ann", "@", "@ann@", "`@ann`", "[@ann](https://x.example)"]
)
def test_not_every_at_is_a_mention(text: str) -> None:
    assert "u-url" not in writing.write(text, KNOWN).html


def test_tags_need_a_letter_and_keep_their_spelling() -> None:
    written = writing.write("#Gardening #größe #日本 #2024 a#b #gardening", {}, "https://here.example")

    assert written.tags == ("gardening", "größe", "日本")
    assert (
        'href="https://here.example/tags/gr%C3%B6%C3%9Fe"' in written.html and "#<span>Gardening</span>" in written.html
    )
    assert "#2024" in written.html and "a#b" in written.html


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://x.example/a_(b)?x=1&y=2).", "https://x.example/a_(b)?x=1&y=2"),
        ("(https://x.example/a)", "https://x.example/a"),
        ("HTTP://x.example!", "HTTP://x.example"),
        ("[https://bank.example](https://evil.example)", "https://evil.example"),
    ],
)
def test_addresses_in_a_text_become_links(text: str, url: str) -> None:
    assert writing.write(text).links == (url,)


def test_a_long_address_is_shown_short() -> None:
    shown = writing.write("https://www.example.org/" + "a" * 50).html

    assert '<span class="invisible">https://www.</span><span class="ellipsis">example.org/' in shown


@pytest.mark.attack("XSS-16")
@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "![x](x onerror=alert(1))",
        "[x](data:text/html;base64,eA==)",
        "<javascript:alert(1)>",
        "[x][y]\n\n[y]: javascript:alert(1)",
        '[x](https://a"onclick=x)',
        'https://x.example/"onmouseover=alert(1)',
        '@ann"><script>x</script>',
        '#x"><script>x</script>',
        '```"><script>\nx\n```',
        "[<img onerror=x>](https://x.example)",
        "`<script>`",
        "[x](https://x.example 'onclick=\"x\"')",
        "https://a<b>c",
    ],
)
def test_no_text_of_ours_becomes_markup_of_its_own(text: str) -> None:
    written = writing.write(text, KNOWN, 'https://here.example/"><script>').html

    assert ALLOWED.match(written), written
    assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', written)).lower()


@pytest.mark.attack("NET-23")
@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "![",
        "*",
        "**a ",
        "`",
        "``",
        "> ",
        "- ",
        "* a\n",
        "@a",
        "@a.",
        "#a ",
        "https://a.b/",
        "[a](",
        "]",
        "\\",
        "a\n",
        "(https://a.b/)",
        "[a](<",
        "**a**b",
        "_",
    ],
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    times = [_seconds(lambda size=size: writing.write((piece * size)[:size])) for size in (5_000, 20_000)]

    assert times[0] < 0.2  # the longest post by default
    assert times[1] < 0.02 + 12 * times[0]  # four times as much; squared it would be sixteen times
    for question in (titles.split, writing.length):
        assert _seconds(lambda question=question: question((piece * 100_000)[:100_000])) < 0.1


def _seconds(work: object) -> float:
    took = []
    for _attempt in range(3):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


def test_links_count_as_23_and_hosts_of_mentions_not_at_all() -> None:
    assert writing.length("a https://x.example/" + "b" * 100) == 25
    assert writing.length("@ann@very.long.host.example hi") == len("@ann hi")


@pytest.mark.parametrize(
    ("text", "title", "rest"),
    [
        ("Watering\n\nHow often?", "Watering", "How often?"),
        ("@garden Watering\nHow often?", "Watering", "How often?"),
        ("!garden@b.example @ann, Watering", "Watering", ""),
        ("@garden@b.example\n\nWatering\nmore", "Watering", "more"),
        ("**Watering** `x`", "Watering x", ""),
        ("## Watering 2*3*4", "Watering 2*3*4", ""),
        ("Watering @garden@b.example:8431  \nHow often?", "Watering", "How often?"),
        ("Watering, by @ann !garden", "Watering, by @ann", ""),
        ("Write to ann@b.example, or to @ann@b.example.", "Write to ann@b.example, or to @ann@b.example.", ""),
        ("@garden", "", ""),
        ("", "", ""),
    ],
)
def test_the_first_line_is_the_title(text: str, title: str, rest: str) -> None:
    assert titles.split(text) == (title, rest)


@pytest.mark.parametrize(
    ("line", "title"),
    [("Look: https://x.example/a", "Look: https://x.example/a"), ("Water [here](https://x.example)", "Water here")],
)
def test_a_first_line_that_links_stays_in_the_text_so_that_the_link_can_be_followed(line: str, title: str) -> None:
    split = titles.split(f"@garden {line}\n\nMore")
    html = writing.write(split[1]).html

    assert split == (title, f"{line}\n\nMore") and 'href="https://x.example' in html
    assert posts.titled(title, html) == html, "it does not stand there twice for who sees no titles"


def test_a_long_first_line_is_cut_for_the_title_and_stays_whole_in_the_text() -> None:
    text = "@garden " + "word " * 40

    title, rest = titles.split(text)

    assert len(title) <= titles.LONGEST and title.endswith("word…")
    assert rest == ("word " * 40).strip()
