"""The settings: where they come from, what is refused and how it is said."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from fedcomm import setup
from fedcomm.config import Config, ConfigError, load, reading, settings, texts
from fedcomm.config.rules import public
from fedcomm.settings import Settings


def given(folder: Path, text: str = "", **environ: str) -> Config:
    """What a start in this folder makes of a file and the environment."""
    if text:
        (folder / "config.toml").write_text(text)
    return load({"FEDCOMM_DATA_DIR": str(folder), **environ})


def refused(folder: Path, text: str = "", **environ: str) -> str:
    """How it is refused."""
    with pytest.raises(ConfigError) as caught:
        given(folder, text, **environ)
    assert all(problem.fix for problem in caught.value.problems)
    return str(caught.value)


REAL = {"FEDCOMM_BASE_URL": "https://groups.example"}
TEST = {"FEDCOMM_BASE_URL": "https://a.test", "FEDCOMM_TEST_MODE": "1"}


def test_a_start_without_a_base_url_is_a_try_out_on_loopback_and_never_speaks_to_the_world(tmp_path: Path) -> None:
    config = given(tmp_path, FEDCOMM_LISTEN="127.0.0.1:9000")

    assert (config.base_url, config.host) == ("http://127.0.0.1:9000", "127.0.0.1:9000")
    assert config.try_out
    assert config.test_mode
    assert {str(network) for network in config.allowed_networks} == {"127.0.0.0/8", "::1/128"}


def test_a_try_out_listens_on_this_machine_only(tmp_path: Path) -> None:
    assert "FEDCOMM_BASE_URL=https://" in refused(tmp_path, FEDCOMM_LISTEN="127.0.0.1:8420,0.0.0.0:8420")
    assert given(tmp_path, FEDCOMM_LISTEN="[::1]:8420,localhost:8421").base_url == "http://[::1]:8420"


def test_an_instance_with_a_base_url_is_real_and_allows_no_private_network(tmp_path: Path) -> None:
    config = given(tmp_path, FEDCOMM_LISTEN="0.0.0.0:80", **REAL)

    assert (config.test_mode, config.try_out, config.allowed_networks) == (False, False, ())
    assert config.database_url == f"sqlite://{tmp_path}/fedcomm.db"
    assert config.rate_limits


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    text = '[limits]\npost_characters = 700\n[log]\nformat = "json"\n'

    config = given(tmp_path, text, FEDCOMM_LIMITS_POST_CHARACTERS="900")

    assert (config.limits.post_characters, config.log.format, config.log.level) == (900, "json", "info")
    assert config.sources["limits.post_characters"] == "FEDCOMM_LIMITS_POST_CHARACTERS"
    assert config.sources["log.format"] == "config.toml:4"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert given(tmp_path, FEDCOMM_BASE_URL="", FEDCOMM_DATABASE_URL="").try_out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base_url = "https://a.example"\n\nlistn = ["127.0.0.1:1"]\n', 'did you mean "listen"? (config.toml:3)'),
        ('[log]\nlevel = "info"\nfromat = "json"\n', 'did you mean "log.format"? (config.toml:3)'),
        ("\npost_characters = 7\n", 'did you mean "limits.post_characters"? (config.toml:2)'),
        ("limits.post_character = 7\n", 'did you mean "limits.post_characters"? (config.toml:1)'),
        ('# a comment\n\n[letters]\nhost = "x"\n', 'unknown key "letters" (config.toml:3)'),
        ("[limts]\npost_characters = 7\n", 'unknown key "limts", did you mean "limits"? (config.toml:1)'),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name_and_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_what_is_wrong_with_the_file_is_told_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = "".join(f"zz{number} = 1\n" for number in range(12))

    said = refused(tmp_path, text)

    places = [said.index(f'"zz{number}"') for number in range(12)]
    assert places == sorted(places)


@pytest.mark.parametrize("text", ['registratons = "open"', 'rules = ["Be kind."]', 'contact_email = "a@x.test"'])
def test_what_an_admin_changes_while_the_server_runs_is_refused_with_the_place_of_it(tmp_path: Path, text: str) -> None:
    assert "in the browser, under Admin" in refused(tmp_path, text + "\n")
    assert set(reading.WHILE_RUNNING) == set(Settings.__struct_fields__) - {
        "unattended_at",
        "terms_at",
    }  # set by nobody


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("FEDCOMM_LISTN", "did you mean FEDCOMM_LISTEN?"),
        ("FEDCOMM_LOG_LEVE", "did you mean FEDCOMM_LOG_LEVEL?"),
        ("FEDCOMM_ZZZ", "unknown variable FEDCOMM_ZZZ"),
    ],
)
def test_an_unknown_variable_is_refused(tmp_path: Path, variable: str, said: str) -> None:
    assert said in refused(tmp_path, **{variable: "1"})


def test_the_variable_of_the_test_suite_is_none_of_the_servers_business(tmp_path: Path) -> None:
    assert given(tmp_path, FEDCOMM_TEST_POSTGRES_URL="postgres://x").try_out


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"FEDCOMM_LISTEN": "8420"}, "expected host:port"),
        ({"FEDCOMM_LISTEN": "127.0.0.1:99999"}, "from 1 to 65535"),
        ({"FEDCOMM_LISTEN": "::1:80"}, "expected host:port"),
        ({"FEDCOMM_LISTEN": ","}, "names no address"),
        ({"FEDCOMM_LOG_LEVEL": "loud"}, 'expected "debug" or'),
        ({"FEDCOMM_TEST_MODE": "maybe"}, "expected true or false"),
        ({"FEDCOMM_LIMITS_POST_CHARACTERS": "0"}, "from 1 to 100000"),
        ({"FEDCOMM_LIMITS_POST_CHARACTERS": "1e3"}, "a whole number"),
        ({"FEDCOMM_TRUSTED_PROXIES": "10.0.0.1/8"}, "host bits set"),
        ({"FEDCOMM_TEST_HOSTS": "good.test"}, "expected host:port"),
        ({"FEDCOMM_TEST_HOSTS": "good.test=localhost:80"}, "does not appear to be an IPv4 or IPv6 address"),
        ({"FEDCOMM_DATABASE_URL": "mysql://x"}, "neither of SQLite nor of PostgreSQL"),
        ({"FEDCOMM_EXTRA_CA_FILE": "/nowhere/ca.pem"}, "there is no file"),
        ({"FEDCOMM_EXTRA_CA_FILE": __file__}, "there is no certificate"),
        ({"FEDCOMM_DATABASE_URL_FILE": "/nowhere/url"}, "cannot be read"),
        ({"FEDCOMM_CONFIG": "/nowhere/config.toml"}, "there is no file"),
        ({"FEDCOMM_BASE_URL": "https://a.example\nX: y"}, "control characters"),
        ({"FEDCOMM_BASE_URL": "groups.example"}, "for example https://groups.example"),
        ({"FEDCOMM_BASE_URL": "https://m\u00fcnchen.example"}, "as the DNS has it, like https://xn--"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_what_was_expected(
    tmp_path: Path, environ: Mapping[str, str], said: str
) -> None:
    assert said in refused(tmp_path, **environ)


@pytest.mark.parametrize(
    "text", ["base_url = 5", "listen = 5", "test_mode = 3", "[limits]\npost_characters = true", "x ="]
)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    assert "config.toml" in refused(tmp_path, text)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "listn = 1\n", FEDCOMM_LOG_LEVEL="loud", FEDCOMM_ZZZ="1")

    assert said.count("fix: ") == 3


@pytest.mark.parametrize(
    "base_url",
    ["groups.example", "https://", "ftp://a.example", "https://a.example:0", "https://a.example:x", "https://a..b",
     "https://bücher.example", "https://a b", "https://[::1", "https://a.example/x", "https://a@b.example",
     "https://a.example?x", "https://a.example#x"],
)  # fmt: skip
def test_a_base_url_that_is_no_origin_is_refused(tmp_path: Path, base_url: str) -> None:
    assert "base_url" in refused(tmp_path, FEDCOMM_BASE_URL=base_url)


def test_a_base_url_has_one_spelling(tmp_path: Path) -> None:
    assert given(tmp_path, FEDCOMM_BASE_URL="HTTPS://Groups.Example:443/").base_url == "https://groups.example"
    assert given(tmp_path, **{**TEST, "FEDCOMM_BASE_URL": "http://LOCALHOST:8431/"}).host == "localhost:8431"


def test_a_real_instance_has_an_https_base_url(tmp_path: Path) -> None:
    assert "begins with https://" in refused(tmp_path, FEDCOMM_BASE_URL="http://groups.example")


@pytest.mark.parametrize("host", ["groups.example", "example.com:8443", "8.8.8.8", "[2606:4700::1]", "[::ffff:8.8.8.8]",
                                  "testlocalhost", "localhost.example", "atest", "2130706433"])  # fmt: skip
def test_test_mode_is_refused_for_an_instance_the_world_may_know(tmp_path: Path, host: str) -> None:
    said = refused(tmp_path, FEDCOMM_BASE_URL=f"https://{host}", FEDCOMM_TEST_MODE="1")

    assert "test mode is refused" in said


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8443", "a.test", "deep.a.test:1", "127.0.0.1", "10.1.2.3", "[::1]"]
)
def test_test_mode_is_for_hosts_the_world_does_not_know(tmp_path: Path, host: str) -> None:
    assert given(tmp_path, FEDCOMM_BASE_URL=f"https://{host}", FEDCOMM_TEST_MODE="1").test_mode


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FEDCOMM_ALLOWED_PRIVATE_NETWORKS", "127.0.0.0/8"),
        ("FEDCOMM_TEST_HOSTS", "good.test=127.0.2.1:8443"),
        ("FEDCOMM_TEST_CLOCK", "offset"),
        ("FEDCOMM_RATE_LIMITS", "off"),
        ("FEDCOMM_TEST_CONFIRM_SIGNUPS", "1"),
    ],
)
def test_what_is_for_tests_is_refused_on_a_real_instance(tmp_path: Path, variable: str, value: str) -> None:
    assert "for test mode only" in refused(tmp_path, **REAL, **{variable: value})
    given(tmp_path, **TEST, **{variable: value})


def test_the_settings_for_tests_arrive_as_values(tmp_path: Path) -> None:
    config = given(
        tmp_path, FEDCOMM_TEST_HOSTS="Good.test=127.0.2.1:8443, b.test=[::1]:9", FEDCOMM_RATE_LIMITS="off",
        FEDCOMM_ALLOWED_PRIVATE_NETWORKS="127.0.0.0/8,10.0.0.0/8", FEDCOMM_TEST_CLOCK="offset",
        FEDCOMM_TEST_CONFIRM_SIGNUPS="1", **TEST,
    )  # fmt: skip

    assert config.test_hosts == {"good.test": ("127.0.2.1", 8443), "b.test": ("::1", 9)}
    assert [str(network) for network in config.allowed_networks] == ["127.0.0.0/8", "10.0.0.0/8"]
    assert (config.rate_limits, config.confirm_signups) == (False, True)
    assert config.test_clock == Path.cwd() / "offset"


def test_a_start_without_base_url_that_says_it_is_no_test_is_refused(tmp_path: Path) -> None:
    assert "there is no base_url" in refused(tmp_path, FEDCOMM_TEST_MODE="0")


def test_a_secret_may_come_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgres://me:hush@localhost/x\n")

    config = given(tmp_path, FEDCOMM_DATABASE_URL_FILE=str(tmp_path / "url"))

    assert config.database_url == "postgres://me:hush@localhost/x"
    assert "hush" not in texts.effective(config)
    assert "hush" not in texts.first(config)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgres://x")

    said = refused(tmp_path, FEDCOMM_DATABASE_URL="sqlite:///x", FEDCOMM_DATABASE_URL_FILE=str(tmp_path / "url"))

    assert "both set" in said


def test_paths_in_a_named_file_start_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('data_dir = "kept"\ntest_clock = "offset"\n')

    config = load({"FEDCOMM_CONFIG": str(tmp_path / "my.toml")})

    assert (config.data_dir, config.test_clock) == (tmp_path / "kept", tmp_path / "offset")


def test_the_file_inside_the_data_directory_cannot_move_it(tmp_path: Path) -> None:
    assert "data_dir" in refused(tmp_path, 'data_dir = "/elsewhere"\n')


def test_the_sample_holds_every_setting_and_can_be_used_once_uncommented(tmp_path: Path) -> None:
    sample = texts.sample()
    lines = [line.removeprefix("# ") for line in sample.splitlines() if " = " in line or line.startswith("[")]
    kept = [line for line in lines if not line.startswith(("data_dir", "extra_ca_file", "base_url", "test_hosts (in"))]

    config = given(tmp_path, "\n".join(kept) + "\n", FEDCOMM_BASE_URL="https://a.test")

    assert all(f"# {setting.key} = " in sample and setting.variable in sample for setting in settings())
    assert len(config.sources) == len(settings()) - 1  # without extra_ca_file, with the folder given here


def test_the_first_start_writes_down_what_it_was_given_and_the_next_needs_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    for name, value in {"FEDCOMM_DATA_DIR": str(folder), "FEDCOMM_LOG_LEVEL": "debug", **TEST}.items():
        monkeypatch.setenv(name, value)
    first = load()
    assert setup.prepare(first)

    again = load({"FEDCOMM_DATA_DIR": str(folder)})

    assert (again.base_url, again.test_mode, again.log.level) == ("https://a.test", True, "debug")
    assert not setup.prepare(again)


def test_a_new_data_directory_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEDCOMM_DATA_DIR", str(tmp_path / "a" / "data"))
    before = os.umask(0)
    try:
        setup.prepare(load())
    finally:
        os.umask(before)

    made = list((tmp_path / "a" / "data").iterdir())
    assert {path.name for path in made} == {"config.toml", "instance.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700


@pytest.mark.attack("ADM-19")
def test_a_data_directory_that_everybody_can_write_into_is_refused_but_in_a_test(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)

    with pytest.raises(ConfigError, match="every user of this machine") as caught:
        setup.prepare(load({"FEDCOMM_DATA_DIR": str(tmp_path / "data"), **REAL}))

    assert f"fix: chmod 700 {tmp_path}/data" in str(caught.value)
    assert list((tmp_path / "data").iterdir()) == []
    (tmp_path / "data").chmod(0o750)
    setup.check(load({"FEDCOMM_DATA_DIR": str(tmp_path / "data"), **REAL}))
    (tmp_path / "data").chmod(0o777)
    setup.check(load({"FEDCOMM_DATA_DIR": str(tmp_path / "data"), **TEST}))


def test_what_is_in_a_data_directory_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEDCOMM_DATA_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text("# mine\n")

    setup.prepare(load())  # a first start had been cut short

    assert (tmp_path / "config.toml").read_text() == "# mine\n"
    assert setup.base_url(tmp_path) == "http://127.0.0.1:8420"


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"FEDCOMM_BASE_URL": "https://b.test", "FEDCOMM_TEST_MODE": "1"}, "FEDCOMM_BASE_URL=https://b.test make run"),
        ({"FEDCOMM_LISTEN": "127.0.0.1:9001"}, "FEDCOMM_LISTEN=127.0.0.1:9001 make run"),
    ],
)
@pytest.mark.attack("ADM-17")
def test_a_data_directory_keeps_its_base_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], command: str
) -> None:
    monkeypatch.setenv("FEDCOMM_DATA_DIR", str(tmp_path / "data"))
    setup.prepare(load())
    before = (tmp_path / "data" / "instance.json").read_text()

    with pytest.raises(ConfigError) as caught:
        setup.prepare(load({"FEDCOMM_DATA_DIR": str(tmp_path / "data"), **environ}))

    assert command in str(caught.value)
    assert f"FEDCOMM_DATA_DIR={tmp_path}/data-" in str(caught.value)
    assert (tmp_path / "data" / "instance.json").read_text() == before


@pytest.mark.parametrize(("began", "now"), [("", "postgres://db.test/x"), ("postgres://db.test/x", "")])
def test_a_data_directory_keeps_its_kind_of_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, began: str, now: str
) -> None:
    def given(url: str) -> dict[str, str]:
        return {"FEDCOMM_DATA_DIR": str(tmp_path / "data"), **({"FEDCOMM_DATABASE_URL": url} if url else {})}

    monkeypatch.setenv("FEDCOMM_DATA_DIR", str(tmp_path / "data"))
    setup.prepare(load(given(began)))
    (tmp_path / "data" / "config.toml").write_text("")
    before = (tmp_path / "data" / "instance.json").read_text()

    with pytest.raises(ConfigError, match="keeps its data in"):
        setup.prepare(load(given(now)))

    setup.prepare(load(given(began)))
    assert (tmp_path / "data" / "instance.json").read_text() == before


def test_a_data_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be used"):
        setup.prepare(load({"FEDCOMM_DATA_DIR": str(tmp_path / "file" / "data")}))


def test_a_public_address_is_recognised_in_every_spelling_that_can_be_one() -> None:
    assert public("8.8.8.8") and public("2606:4700::1") and public("::ffff:8.8.8.8") and public("x.example")
    assert not any(map(public, ("localhost", "a.test", "127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fe80::1")))
