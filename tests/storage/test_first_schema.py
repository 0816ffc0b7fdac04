"""What the first schema promises to later versions: groups behind an id of their own, ids that stay, origins kept."""

import pytest

from storage import announcements, groups, orphans, posts, threads, tombstones
from storage.connect import Database, Writes, apply, execute, row, rows, value
from storage.ids import next_id
from tests import build

pytestmark = pytest.mark.anyio


async def _made(*changes: object) -> None:
    """Make changes that were collected by functions of one argument."""
    writes = Writes()
    for change in changes:
        change(writes)  # type: ignore[operator]
    await apply(writes)


async def _columns(database: Database, table: str) -> dict[str, str]:
    sql = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ?"
        if database.dialect == "postgres"
        else "SELECT name, LOWER(type) FROM pragma_table_info(?)"
    )
    return dict(await rows(sql, (table,)))


@pytest.mark.parametrize("table", ["post", "member", "act", "register", "face_alias", "report", "invite"])
async def test_what_belongs_to_a_group_points_at_its_own_id_and_at_no_url(database: Database, table: str) -> None:
    columns = await _columns(database, table)

    assert columns["group_id"] in ("bigint", "integer")
    assert not {"group_uri", "group_url", "group_name", "community"} & columns.keys()


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("post", "kind create_uri truth entered_by author_updated edited_at"),
        ("reaction", "truth entered_by"),
        ("act", "property subject value clock actor_uri face uri undoes"),
        ("groups", "genesis fold_version join_mode"),
        ("member", "joined_at home_host"),
        ("media", "owner_id size origin last_used_at key"),
        ("account", "time_zone language"),
        ("announced", "face object_uri announce_uri"),
        ("proven", "raw"),
    ],
)
async def test_what_nobody_could_find_out_later_has_its_place_from_the_first_day(
    database: Database, table: str, columns: str
) -> None:
    assert set(columns.split()) <= (await _columns(database, table)).keys()


async def test_a_group_with_several_faces_is_one_group(database: Database) -> None:
    group = await build.group("bread")
    await execute(
        "INSERT INTO face_alias (url, group_id, status) VALUES ('https://b.test/c/bread', ?, 'former')", (group.id,)
    )

    found = [await groups.by_face(url) for url in (f"{build.BASE}/c/bread", "https://b.test/c/bread")]

    assert found == [group, group] and await groups.by_face("https://c.test/c/bread") is None
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await execute(
            "INSERT INTO face_alias (url, group_id, status) VALUES ('https://b.test/c/bread', ?, 'own')", (group.id,)
        )


async def test_a_thing_is_announced_under_one_id_until_it_is_taken_back(database: Database) -> None:
    face, thing = "https://a.test/c/bread", "https://b.test/posts/1"

    async def announce(uri: str, form: str = "plain", by: str = face) -> str | None:
        await _made(lambda writes: announcements.put(writes, by, thing, form, uri, build.NOW))
        return await announcements.of(by, thing, form)

    assert await announce("1") == "1" and await announce("2") == "1"
    assert await announce("3", form="wrapped") == "3" and await announce("4", by="https://a.test/c/wine") == "4"
    await _made(lambda writes: announcements.withdraw(writes, face, thing, "plain", build.NOW))
    assert await announcements.of(face, thing, "plain") is None
    assert await announce("5") == "5"


async def test_an_edit_keeps_what_was_said_before_and_when(database: Database) -> None:
    ann = await build.person("ann")
    post = await build.post(ann, "One", title="First")
    for number, (text, at) in enumerate((("Two", build.NOW + 1_000), ("Three", build.NOW + 2_000))):
        before = await posts.by_id(post.id)
        assert before
        await _made(
            lambda writes, before=before: posts.keep_revision(writes, before),
            lambda writes, text=text, at=at: posts.change(
                writes, post.id, content=text, author_updated=at - 500, edited_at=at
            ),
        )
        assert len(await threads.history(post.id)) == number + 1

    found = await threads.history(post.id)

    assert [(each.title, each.content, each.created_at) for each in found] == [
        ("First", "<p>One</p>", build.NOW),
        ("First", "Two", build.NOW + 1_000),
    ]
    kept = await posts.by_id(post.id)
    assert kept and (kept.author_updated, kept.edited_at, kept.published) == (
        build.NOW + 1_500, build.NOW + 2_000, build.NOW,
    )  # fmt: skip


async def test_what_is_deleted_leaves_nothing_but_a_gap_and_a_dead_id(database: Database) -> None:
    ann, bo = await build.person("ann"), await build.person("bo")
    post = await build.post(ann, "Canary", title="Canary", summary="Canary", mentions=[bo], tags=["rye"], home=[bo])
    answer = await build.post(bo, "Yes", parent=post)
    await build.like(bo, post)
    await build.boost(bo, post, home=[bo])
    await build.notice(ann, "favourite", bo, post)
    await _made(
        lambda writes: posts.keep_revision(writes, post),
        lambda writes: posts.prove(writes, "https://a.test/1", post.uri, b"Canary", build.NOW),
    )

    await _made(
        lambda writes: posts.bury(writes, post.uri, "home.test", "post", build.NOW),
        lambda writes: posts.erase(writes, post, build.NOW),
    )

    gone = await posts.by_id(post.id)
    assert gone and gone.deleted_at == build.NOW and (gone.thread_id, gone.id) == (post.thread_id, post.id)
    assert "Canary" not in str(gone) and await posts.dead(post.uri)
    assert await posts.by_id(answer.id) == answer
    for table in ("mention", "post_tag", "home_entry", "reaction", "boost", "notification", "post_revision"):
        assert await value(f"SELECT COUNT(*) FROM {table} WHERE post_id = ?", (post.id,)) == 0, table
    assert await value("SELECT COUNT(*) FROM proven") == 0


async def test_a_deleted_post_stays_dead_for_ever_and_what_was_undone_for_a_while(database: Database) -> None:
    await _made(
        lambda writes: posts.bury(writes, "https://a.test/posts/1", "a.test", "post", build.NOW),
        lambda writes: posts.bury(writes, "https://a.test/likes/1", "a.test", "undone", build.NOW),
        lambda writes: posts.bury(writes, "https://a.test/likes/2", "a.test", "undone", build.NOW + 10),
    )

    await tombstones.forget_undone(build.NOW + 5)

    dead = [await posts.dead(f"https://a.test/{tail}") for tail in ("posts/1", "likes/1", "likes/2")]
    assert dead == [True, False, True]


async def test_answers_that_came_before_what_they_answer_are_tied_to_it(database: Database) -> None:
    group, ann = await build.group("bread"), await build.person("ann", "far.test")
    uri = "https://far.test/posts/start"
    early = await build.post(ann, "Yes", parent_uri=uri)
    below = await build.post(ann, "Indeed", parent=early)
    start = await build.post(ann, "Start", uri=uri, group=group)
    assert await orphans.awaited(uri)

    await _made(lambda writes: orphans.adopt(writes, start.id, uri, start.thread_id, group.id))

    assert not await orphans.awaited(uri)
    assert await rows(
        "SELECT parent_id, thread_id, group_id FROM post WHERE id IN (?ints) ORDER BY id", ([early.id, below.id],)
    ) == [
        (start.id, start.id, group.id),
        (early.id, start.id, group.id),
    ]
    assert await row("SELECT replies_count FROM post WHERE id = ?", (start.id,)) == (1,)
    assert next_id() > below.id
