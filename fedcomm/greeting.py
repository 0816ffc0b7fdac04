"""What the server says when it is up: where it is, how to become its admin, and what a try-out is not."""

from fedcomm import __version__
from fedcomm.config import Config

_LINE = "=" * 78


def text(config: Config, first_admin_link: str | None) -> str:
    """The words for the terminal."""
    lines = [f"fedcomm {__version__} is at {config.base_url}/"]
    if first_admin_link:
        lines += ["", "There is no admin yet. Who opens this link first becomes one (it works once):", first_admin_link]
    if config.test_mode:
        lines = [_LINE, *_warning(config), _LINE, *lines]
    return "\n".join(lines)


def _warning(config: Config) -> list[str]:
    if config.try_out:
        return [
            "THIS IS A TRY-OUT. It answers on this machine only and never speaks to a public",
            "address, so nobody outside can see it. For a real instance set its address once,",
            "before the first start: FEDCOMM_BASE_URL=https://your.name",
        ]
    return [
        "TEST MODE. Rules that protect people are switched off. Nothing here is for real:",
        f"{config.base_url} must not be reachable by anybody else.",
    ]
