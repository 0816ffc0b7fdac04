"""What admins do with a browser, and that nobody else can make them do it."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import fedcomm
import storage.accounts
from fedcomm import SOURCE, accounts, audit, chaining, erasing, groups, invites, members, settings
from fedcomm.app import App
from storage.connect import rows, value
from tests import build
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.world import FOR_ADMINS
from web.pages import words
from web.routes import collect

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
# The last is pressed by mail programs in the name of their readers (RFC 8058 §3.2): its secret is the address.
FOR_PROGRAMS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/auth/mail/{token}")
FORMS = sorted(
    {
        route.path
        for route in collect()
        if "POST" in (route.methods or ()) and not route.path.startswith(FOR_PROGRAMS) and "inbox" not in route.path
    }
)


async def act(browser: Browser, name: str, what: str, **more: str) -> Page:
    """Press one of the buttons of the page of an account; gives what is shown then."""
    where = f"/admin/people/{name}"
    secret = (await browser.get(where)).all("input", name="csrf")[0]["value"]
    answer = await browser.post(where, {"csrf": secret, "act": what} | more)
    return await browser.open(answer.headers["location"]) if answer.status == 303 else answer


def test_every_page_of_admins_is_looked_at() -> None:
    assert len(FORMS) > 20
    paths = {route.path for route in collect() if route.path.startswith("/admin") and "GET" in (route.methods or ())}
    named = {"alice": "{name}", "far.example": "{host}", "7": "{id}"}

    looked_at = {"/".join(named.get(part, part) for part in path.split("/")) for path in FOR_ADMINS}
    elsewhere = {"/admin/federation", "/admin/servers/{host}/purge"}  # leads on; and is of suspended servers alone
    shown = {path for path in paths if "." not in path} - elsewhere  # with an ending: files
    assert shown == looked_at


@pytest.mark.attack("OAU-08", "ADM-12")
async def test_no_form_is_taken_without_its_secret(app: App, admin: Browser) -> None:
    alice = await build.person("alice")
    post = await build.post(alice, "hello")
    await build.group("rye")
    tables = "account", "actor", "follow", "invite", "session", "setting", "audit", "post", "act"
    before = [await value(f"SELECT COUNT(*) FROM {table}") for table in tables]
    fields = {"act": "suspend", "name": "alice", "text": "hello", "uses": "1", "days": "1", "role": "member",
              "sure": "true", "decision": "allow"}  # fmt: skip

    for pattern in FORMS:
        path = pattern.replace("{id}", str(post.id)).replace("{token}", "x")
        path = path.replace("{host}", "far.example").replace("{name}", "rye" if path.startswith("/c/") else "alice")
        for forged in ({}, {"csrf": ""}, {"csrf": "guessed"}):
            answer = await admin.post(path, fields | forged)
            assert answer.status in (400, 403), f"{path}: {answer.status} {answer.main}"

    assert [await value(f"SELECT COUNT(*) FROM {table}") for table in tables] == before


@pytest.mark.attack("OAU-08", "ADM-12")
async def test_a_form_with_its_secret_that_another_site_sends_is_refused(admin: Browser) -> None:
    form = (await admin.get("/admin/groups")).form("/admin/groups")
    fields = {"csrf": form.one("input", name="csrf")["value"], "name": "evil", "title": "Evil"}

    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"},
                    {"sec_fetch_site": "same-site"}):  # fmt: skip
        assert (await admin.post("/admin/groups", fields, **headers)).status == 403

    assert await value("SELECT COUNT(*) FROM groups") == 0


@pytest.mark.attack("ADM-10")
@pytest.mark.parametrize("role", ["member", "moderator"])
async def test_who_is_no_admin_can_send_none_of_their_forms(app: App, enter: Enter, role: str) -> None:
    browser = await enter(await build.person("mallory", role=role))
    await build.person("alice")
    secret = (await browser.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]

    theirs: set[str] = set()
    if role == "moderator":  # as their rights say
        theirs = {"/admin/sign_ups", "/admin/sign_ups/several", "/admin/people/{name}", "/admin/spam",
                  "/admin/reports/{id}"}  # fmt: skip
    for pattern in (path for path in FORMS if path.startswith("/admin") and path not in theirs):
        path = pattern.replace("{name}", "alice").replace("{id}", "1")
        answer = await browser.post(path, {"csrf": secret, "act": "suspend", "name": "alice", "title": "x"})
        assert answer.status == 403, path

    assert await value("SELECT COUNT(*) FROM audit") == 0
    assert await rows("SELECT DISTINCT state FROM account") == [("active",)]


async def test_settings_are_in_force_at_once_and_in_the_log(app: App, admin: Browser, stranger: Browser) -> None:
    page = await admin.get("/admin/site")
    await stranger.get("/about")

    saved = await admin.button(
        page, "/admin/site", name="The <oven>", description="For bakers.\n\nAnd eaters.", rules="Be kind.\n\nNo spam.",
        registration="invite", contact_email="ada@mail.example", contact_account="@ada",
    )  # fmt: skip

    assert "in force" in saved.main
    about = await stranger.get("/about")
    assert about.one("title").text == "About · The <oven>" and about.one("h1").text == "About The <oven>"
    assert [rule.text for rule in about.one("ol").all("li")] == ["Be kind.", "No spam."]
    assert "For bakers." in about.main and "by invitation" in about.main
    assert SOURCE in about.links  # AGPL §13
    assert "mailto:ada%40mail.example" in about.links and "/@ada" in about.links
    log = (await admin.get("/admin/log")).one("table").text
    assert "@ada" in log and "changed settings" in log and "registration" in log


async def test_a_setting_that_cannot_be_is_refused_and_nothing_is_changed(app: App, admin: Browser) -> None:
    cases = [
        ("name", "x" * 101),
        ("contact_email", "nonsense"),
        ("contact_account", "nobody1"),
        ("rules", "rule\n" * 51),
        ("registration", "everybody"),
    ]
    for field, wrong in cases:
        before = await settings.current(app)

        page = await admin.send(
            await admin.get("/admin/site"), "/admin/site", **({"description": "new"} | {field: wrong})
        )

        marked = [each["name"] or "registration" for each in page.one("main").all() if each["aria-invalid"] == "true"]
        assert page.status == 422 and page.problem and marked == [field]
        assert page.one("textarea", name="description").text == "new"
        assert await settings.current(app) == before


async def test_a_link_that_an_admin_makes_lets_somebody_in_until_it_is_taken_back(
    app: App, admin: Browser, stranger: Browser
) -> None:
    page = await admin.send(await admin.get("/admin/invites"), "/admin/invites", uses="3", days="2")

    link = page.one("code", class_="address").text.removeprefix(app.base_url)
    assert (await stranger.get(link)).status == 200 and page.headers["cache-control"] == "no-store"
    listed = await admin.get("/admin/invites")
    assert link not in listed.source and "Used 0 of 3 times, as member" in listed.main
    (back,) = [form["action"] for form in listed.all("form") if form["action"].endswith("/revoke")]
    await admin.button(listed, back)
    assert (await stranger.get(link)).status == 404
    assert "There are none." in (await admin.get("/admin/invites")).main
    assert (await admin.send(listed, back)).status == 404


async def test_an_invitation_that_cannot_be_is_refused(admin: Browser) -> None:
    cases = [{"uses": "0"}, {"uses": "1001"}, {"days": "366"}, {"role": "owner"}, {"uses": "x"}, {"group": "5"}]
    for wrong in cases:
        page = await admin.send(await admin.get("/admin/invites"), "/admin/invites", **wrong)

        assert page.status in (404, 422) and not page.all("code", class_="address")
        assert await value("SELECT COUNT(*) FROM invite") == 0


async def test_a_group_is_made_with_its_steward(app: App, admin: Browser, stranger: Browser) -> None:
    await accounts.create(app, "anna", PASSWORD)

    page = await admin.button(
        await admin.get("/admin/groups"), "/admin/groups", name="Rye", title="Rye <bread>", summary="All about it",
        steward="anna", join_mode="approval",
    )  # fmt: skip

    assert page.one("h1").text == "Rye <bread>" and "All about it" in page.main
    assert [each["href"] for each in page.one("aside", aria_label="About this group").all("a", class_="person")] == [
        "/@anna"
    ]
    assert "/c/rye" in (await stranger.get("/")).links
    log = (await admin.get("/admin/log")).one("table").text
    assert "@adamade a group!rye" in log and "steward: @anna" in log


async def test_a_group_can_be_for_its_members_alone_from_its_beginning(
    app: App, admin: Browser, stranger: Browser
) -> None:
    wish = {"name": "quiet", "title": "Quiet", "visibility": "members"}

    refused = await admin.send(await admin.get("/admin/groups"), "/admin/groups", **wish, join_mode="open")
    none = await value("SELECT COUNT(*) FROM groups")
    await admin.button(await admin.get("/admin/groups"), "/admin/groups", **wish, join_mode="invite")

    assert refused.status == 422 and "is no secret while everybody can join" in refused.main
    assert none == 0
    assert await rows("SELECT visibility, join_mode FROM groups") == [("members", "invite")]
    assert "Threads" not in (await stranger.get("/c/quiet")).main


@pytest.mark.attack("GRP-22")
async def test_groups_that_nobody_looks_after_are_listed_until_somebody_does(app: App, admin: Browser) -> None:
    await accounts.create(app, "anna", PASSWORD)
    await groups.create(app, "spelt", "Spelt")
    await groups.create(app, "rye", "Rye", "", "anna")
    page = await admin.get("/admin/groups")

    wrong = await admin.send(page, "/admin/groups/steward", who="nobody1")
    done = await admin.button(page, "/admin/groups/steward", who="anna")

    waiting = [each["href"] for each in page.one("section", aria_labelledby="unattended").all("a")]
    assert waiting == ["/c/spelt"] and flaws(page) == [] and wrong.status == 404 and wrong.problem
    assert not done.all("section", aria_labelledby="unattended")
    group, _face = await groups.named("spelt")
    assert list((await members.roles(group)).values()) == ["steward"]


async def test_an_invitation_into_a_group_says_which(admin: Browser) -> None:
    group = await build.group("rye", title="Rye bread")

    await admin.send(await admin.get("/admin/invites"), "/admin/invites", group=str(group.id))

    assert "as member, in Rye bread, until" in (await admin.get("/admin/invites")).main


async def test_a_group_that_cannot_be_made_comes_back_in_the_form(admin: Browser) -> None:
    cases = [
        ({"name": "no blanks"}, "name", 422),
        ({"title": " "}, "title", 422),
        ({"name": "ada"}, "name", 409),
        ({"steward": "nobody1"}, "steward", 404),
        ({"join_mode": "magic"}, "join_mode", 422),
    ]
    for wrong, field, status in cases:
        page = await admin.send(
            await admin.get("/admin/groups"),
            "/admin/groups",
            **({"name": "rye", "title": "Rye", "steward": ""} | wrong),
        )

        marked = [each["name"] for each in page.one("main").all() if each["aria-invalid"] == "true"]
        assert (page.status, marked) == (status, [field]) and page.problem
        assert await value("SELECT COUNT(*) FROM groups") == 0


async def test_what_is_done_about_somebody_is_told_kept_and_taken_back(app: App, admin: Browser, enter: Enter) -> None:
    anna = await enter(await build.person("anna"))
    moderator = await enter(await build.person("mia", role="moderator"))
    await build.person("far", "far.example")
    await build.person("shut", "far.example", suspended_at=build.NOW)

    long = await act(admin, "anna", "suspend", reason="x" * 1001)
    assert long.status == 422 and flaws(long) == [] and long.one("textarea", name="reason").text == "x" * 1001
    assert "write what you want" in (await act(moderator, "anna", "warn")).problem
    page = await act(moderator, "anna", "warn", reason="Mind <b>rule 2</b>")
    assert "Mind <b>rule 2</b>" in page.main and "@mia" in page.main and flaws(page) == []
    told = await anna.get("/notifications")
    assert "warns you" in told.main and "Mind <b>rule 2</b>" in told.main and flaws(told) == []
    await act(moderator, "anna", "note", reason="Her brother wrote it")
    assert "brother" not in (await anna.get("/notifications")).main
    shut = await act(moderator, "anna", "suspend", reason="Spam <b>again</b>")
    assert "will be deleted with all" in shut.main and (await anna.get("/settings")).status == 303
    assert "can sign in" in (await act(admin, "anna", "restore")).main
    far = await act(moderator, "far@far.example", "limit")
    assert "Do not limit them any more" in far.main and "Warn them" not in far.main and flaws(far) == []
    shut = await moderator.get("/admin/people/shut@far.example")
    assert "Suspended by their own server" in shut.main and "Suspend them" in shut.main
    assert "Take the suspension back" in (await act(moderator, "shut@far.example", "suspend")).main
    found = await moderator.get("/admin/people?origin=remote&state=limited")
    assert "@far@far.example" in found.main and "@anna" not in found.main and flaws(found) == []
    assert (await moderator.get("/admin")).status == 403 and "/admin/log" not in found.links
    log = (await admin.get("/admin/log")).one("table").text
    assert "@mia" in log and "warned somebody" in log and "brother" not in log


async def test_sign_ups_are_answered_one_by_one_or_all_that_are_chosen(app: App, enter: Enter) -> None:
    for name in ("one", "two", "three", "four"):
        await accounts.sign_up(app, name, PASSWORD)
    moderator = await enter(await build.person("mia", role="moderator"))
    page = await moderator.get("/admin/sign_ups")
    fields = {"csrf": page.all("input", name="csrf")[0]["value"]}

    await moderator.post("/admin/sign_ups", fields | {"answer": "approve", "name": "one"})
    answer = await moderator.post(
        "/admin/sign_ups/several", fields | {"answer": "reject", "names[]": ["one", "two", "three"], "reason": "Spam"}
    )

    assert answer.headers["location"].endswith("done=reject")
    left = await rows("SELECT a.username, account.state FROM account JOIN actor a ON a.id = account.actor_id"
                      " WHERE account.role = 'member' ORDER BY 1")  # fmt: skip
    assert left == [("four", "pending"), ("one", "active")]
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'account.reject' AND detail LIKE '%Spam%'") == 2


async def test_a_domain_of_addresses_is_closed_and_opened_again(app: App, admin: Browser) -> None:
    wrong = await admin.send(await admin.get("/admin/mail_domains"), "/admin/mail_domains", domain="no domain")
    assert wrong.status == 422 and wrong.one("input", name="domain")["value"] == "no domain" and flaws(wrong) == []
    closed = await admin.button(wrong, "/admin/mail_domains", domain="Trash.example")
    assert "trash.example" in closed.main and flaws(closed) == []
    (back,) = [form["action"] for form in closed.all("form") if form["action"].endswith("/open")]
    assert "There are none." in (await admin.button(closed, back)).main


async def test_a_new_password_is_shown_once_and_works(app: App, admin: Browser, enter: Enter) -> None:
    anna = await enter(await build.person("anna"))

    page = await act(admin, "anna", "password")

    password = page.one("code", class_="address").text
    assert (await accounts.authenticate(app, "anna", password)).role == "member"
    assert (await anna.get("/settings")).status == 303
    assert password not in (await admin.get("/admin/people/anna")).source
    assert password not in (await admin.get("/admin/log")).source


async def test_roles_are_given_and_the_last_admin_stays(app: App, admin: Browser, enter: Enter) -> None:
    anna = await enter(await build.person("anna"))

    await act(admin, "anna", "role", role="moderator")
    for name in ("anna", "ada"):  # herself, and an admin
        page = await anna.get(f"/admin/people/{name}")
        assert page.all("button", name="act") == []
    secret = page.all("input", name="csrf")[0]["value"]
    for fields in ({"act": "role", "role": "admin"}, {"act": "password"}, {"act": "delete", "sure": "true"}):
        refused = await anna.post("/admin/people/anna", fields | {"csrf": secret})
        assert (refused.status, refused.problem) == (403, "Only admins can do this."), fields
    await act(admin, "anna", "role", role="admin")
    assert (await anna.get("/admin")).status == 200
    await act(anna, "ada", "role", role="member")
    assert (await admin.get("/admin")).status == 403
    german = (await anna.client.get("/admin/log", headers={"accept-language": "de"})).text
    assert "vorher: Mitglied; nachher: Moderation des Servers" in german

    for fields in ({"act": "role", "role": "member"}, {"act": "delete", "sure": "true"}):
        page = await anna.get("/admin/people/anna")
        secret = page.all("input", name="csrf")[0]["value"]
        refused = await anna.post("/admin/people/anna", fields | {"csrf": secret})
        assert refused.status == 409 and "only admin" in refused.problem, fields
    assert (await anna.get("/admin")).status == 200


@pytest.mark.attack("ADM-22")
async def test_an_account_is_deleted_when_the_admin_is_sure(app: App, admin: Browser, enter: Enter) -> None:
    anna = await accounts.create(app, "anna", PASSWORD)
    secret = (await admin.get("/admin/people/anna")).all("input", name="csrf")[0]["value"]

    refused = await admin.post("/admin/people/anna", {"csrf": secret, "act": "delete"})
    assert refused.status == 422 and "sure" in refused.problem
    done = await admin.post("/admin/people/anna", {"csrf": secret, "act": "delete", "sure": "true", "noted": "true"})

    assert done.headers["location"] == "/admin/people/anna"
    assert await storage.accounts.by_name("anna") is None
    assert "@anna" in (await admin.get("/admin/people")).one("p", class_="note").text
    page = await admin.get("/admin/people/anna")
    assert "being erased" in page.one("div", class_="note").text and not page.all("button", value="delete")
    await erasing.erase(app, anna.actor_id)
    page = await admin.get("/admin/people/anna")
    assert "all it had here is erased" in page.one("div", class_="done").text and "@ada" in page.one("dl").text
    assert (await admin.get("/admin/people/nobody")).status == 404
    report = await admin.get("/admin/people/anna/report.json")
    assert (report.status, report.headers["cache-control"]) == (200, "no-store")
    found = json.loads(report.source)["account"]
    ends = datetime.fromisoformat(found["report_kept_until"]) - datetime.fromisoformat(found["erased_at"])
    assert ends == timedelta(days=30)
    assert (found["closed_by"], found["posts_left"], found["files_noted"]) == ("@ada", 0, True)
    assert "closed by: @ada" in (await admin.get("/admin/people/anna/report.txt")).source
    for end in ("anna/report.pdf", "ada/report.json"):
        assert (await admin.get(f"/admin/people/{end}")).status == 404
    acts = await rows("SELECT act FROM audit WHERE subject = '@anna' ORDER BY id DESC LIMIT 3")
    assert acts == [("account.report",), ("account.report",), ("account.purge",)]
    mia = await enter(await build.person("mia", role="moderator"))
    assert (await mia.get("/admin/people/anna/report.json")).status == 403


async def test_long_lists_of_people_go_on(app: App, admin: Browser) -> None:
    for number in range(60):
        await build.person(f"person{number}")

    names, page = set(), await admin.get("/admin/people")
    while True:
        names |= {each.text for each in page.one("ul", class_="lines").all("h2")}
        following = [each["href"] for each in page.all("a", rel="next")]
        if not following:
            break
        page = await admin.get(following[0])

    assert names == {"@ada", *(f"@person{number}" for number in range(60))}


@pytest.mark.attack("XSS-03")
async def test_what_strangers_wrote_is_text_in_the_pages_of_admins(
    app: App, admin: Browser, browsers: Callable[[], Browser]
) -> None:
    evil = "</div><script>alert(1)</script>"
    browser = browsers()
    await browser.send(await browser.get("/sign-up"), "/sign-up", name="eve", password=PASSWORD, reason=evil)
    browser.client.headers["user-agent"] = evil

    waiting = await admin.get("/admin/sign_ups")
    await admin.button(waiting, "/admin/sign_ups", answer="approve")
    await browser.send(await browser.get("/sign_in"), "/sign_in", login="eve", password=PASSWORD)

    for page in (waiting, await admin.get("/admin/people/eve"), await browser.get("/settings")):
        assert not page.scripts and evil in page.main


async def test_a_log_that_was_tampered_with_says_so(app: App, admin: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "fedcomm.audit")
    await invites.create(app, await storage.accounts.by_name("ada"))
    await settings.change(app, await storage.accounts.by_name("ada"), {"name": "Rye"})
    whole = await admin.get("/admin/log")
    assert await audit.watch() == 2 and vars(caplog.records[-1])["head"] == (await audit.check()).head
    assert "none has been changed" in whole.main and "made an invitation" in whole.one("table").text
    chosen = await admin.get("/admin/log?who=@ADA&act=settings.change&subject=NAM&since=2020-01-01")
    assert "changed settings" in chosen.one("table").text and "made an invitation" not in chosen.one("table").text
    assert "changed settings" not in (await admin.get("/admin/log?until=2020-01-01")).one("table").text
    await build.group("rye")
    await members.appoint(app, "rye", await build.person("zoe"))
    assert "1 act of moderators is not in here yet" in (await admin.get("/admin/log")).main
    await chaining.catch_up(app)
    caught_up = await admin.get("/admin/log?subject=zoe")
    assert "made moderator" in caught_up.one("table").text and "not in here yet" not in caught_up.main
    assert "group: !rye" in caught_up.main and "digest" not in caught_up.main
    wrong = await admin.get("/admin/log?since=yesterday")
    assert wrong.status == 422 and "no day" in wrong.problem
    file = [each for each in chosen.links if "log.jsonl" in each]
    lines = (await admin.get(file[0])).source.splitlines()
    assert [json.loads(line)["act"] for line in lines] == ["settings.change"]
    assert len((await admin.get("/admin/log.jsonl")).source.splitlines()) == 3
    assert (await admin.get("/admin/log.csv")).status == 404

    await build.insert(
        "audit", id=4, at=build.NOW, actor="@ada", act="account.role", subject="@eve", detail="{}", previous=bytes(32),
        hash=bytes(32),
    )  # fmt: skip

    assert "entry 4 is not as it was written" in (await admin.get("/admin/log")).problem
    await audit.watch()
    assert (caplog.records[-1].levelname, vars(caplog.records[-1])["entry"]) == ("ERROR", 4)


def test_the_log_has_words_for_every_act() -> None:
    said = re.compile(r"audit\.(?:note|record)\(\s*[^,()]+(?:\([^()]*\))?,\s*\"([a-z_.]+)\"")
    acts = {act for file in Path(fedcomm.__file__).parent.rglob("*.py") for act in said.findall(file.read_text())}

    assert len(acts) > 50 and sorted(acts - words.ACTS.keys()) == []
