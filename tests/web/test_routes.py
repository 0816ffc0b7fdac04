"""Every path finds its own route, however many there are."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.routes import Router, compiled


async def one(request: Request) -> Response:
    """An endpoint."""
    return Response()


async def other(request: Request) -> Response:
    """Another endpoint."""
    return Response()


def path_of(pattern: str) -> str:
    """A path that the pattern is for."""
    segments = [segment.replace("{", "x-").replace("}", "").replace(":path", "") for segment in pattern.split("/")]
    return "/".join(segments)


def test_no_route_is_hidden_by_another() -> None:
    router = compiled()

    assert len(router.handlers) > 100
    for handler in router.handlers:
        found = router.find(path_of(handler.pattern))
        assert found is not None, handler.pattern
        assert found.methods[handler.method] is handler, f"{handler.pattern} → {found.methods[handler.method].pattern}"


def test_the_same_route_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="hidden"):
        Router([Route("/api/v1/a/{id}", one), Route("/api/v1/a/{name}", other)])


def test_a_fixed_segment_goes_before_a_parameter() -> None:
    router = Router([Route("/a/{id}", one), Route("/a/search", other), Route("/a/{id}/b", one)])

    assert router.find("/a/search").methods["GET"].endpoint is other  # type: ignore[union-attr]
    assert router.find("/a/5").values == ("5",)  # type: ignore[union-attr]
    assert router.find("/a/search/b").values == ("search",)  # type: ignore[union-attr]


def test_a_segment_may_have_a_prefix_and_a_suffix() -> None:
    router = Router(
        [Route("/@{name}", one), Route("/@{name}/{id}", one), Route("/{page}", other), Route("/c/{n}.atom", one)]
    )

    assert router.find("/@alice").values == ("alice",)  # type: ignore[union-attr]
    assert router.find("/@alice/12").values == ("alice", "12")  # type: ignore[union-attr]
    assert router.find("/about").methods["GET"].endpoint is other  # type: ignore[union-attr]
    assert router.find("/c/g.atom").values == ("g",)  # type: ignore[union-attr]
    assert router.find("/c/.atom") is None


def test_the_last_segment_may_take_the_rest() -> None:
    router = Router([Route("/static/{path:path}", one)])

    assert router.find("/static/a/b.png").values == ("a/b.png",)  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/a/", "/a"])
def test_a_slash_at_the_end_makes_no_difference(path: str) -> None:
    assert Router([Route("/a", one)]).find(path) is not None


@pytest.mark.attack("OAU-17")
@pytest.mark.parametrize("path", ["//a", "/a//", "/./a", "/A", "/a.json", "/a\0", "/a/b", ""])
def test_no_other_spelling_of_a_path_leads_anywhere(path: str) -> None:
    assert Router([Route("/a", one)]).find(path) is None


def test_put_and_patch_are_one_in_the_api_and_head_goes_with_get() -> None:
    router = Router([Route("/api/a", one, methods=["PATCH"]), Route("/api/b", one), Route("/c", one, methods=["PUT"])])

    assert router.find("/api/a").allowed == "OPTIONS, PATCH, PUT"  # type: ignore[union-attr]
    assert router.find("/api/b").allowed == "GET, HEAD, OPTIONS"  # type: ignore[union-attr]
    assert router.find("/c").allowed == "OPTIONS, PUT"  # type: ignore[union-attr]
