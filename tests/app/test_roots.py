"""No path leads out of the folders that were named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from asking import queue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashcam_pipeline.app.library import default_output, folder_view, results_beside
from dashcam_pipeline.app.roots import OutsideError, Roots, id_of, path_of
from dashcam_pipeline.errors import InputMissingError, UsageError


def test_ids_hold_any_name():
    for name in (
        b"/a b",
        b"/\xff\xfe",
        "/야간".encode(),
        b"/" + bytes(range(1, 256)).replace(b"/", b""),
    ):
        path = path_of(id_of(path_of(id_of(Path(os.fsdecode(name))))))
        assert os.fsencode(path) == name


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_refused(text):
    try:
        path = path_of(text)
    except OutsideError:
        return
    assert "\0" not in str(path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["..", ".", "card", "secret", "other.mp4", "night.mp4", "out", ""]),
        max_size=7,
    )
)
def test_no_row_of_folders_leads_out(place, steps):
    roots = Roots.of([place.root])
    if not (place.root / "out").is_symlink():
        (place.root / "out").symlink_to(place.secret)
    path = place.root.joinpath(*steps)
    for follow in (roots.resolve, roots.new):
        try:
            found = follow(path)
        except OutsideError:
            continue
        assert found.resolve().is_relative_to(place.root.resolve())


def test_a_link_out_a_sibling_and_a_relative_path_are_refused(place):
    roots = Roots.of([place.root])
    (place.root / "out").symlink_to(place.secret)
    (place.root / "leak.mp4").symlink_to(place.secret / "other.mp4")
    (place.root.parent / "card-2").mkdir()
    for path in (
        place.root / "out" / "other.mp4",
        place.root / "leak.mp4",
        place.root.parent / "card-2",
        place.root / ".." / "secret",
        place.root / "nothing-there",
    ):
        with pytest.raises(OutsideError):
            roots.resolve(path)
    with pytest.raises(OutsideError):
        roots.resolve(Path("night.mp4"))


def test_links_out_are_not_listed(place):
    (place.root / "out").symlink_to(place.secret)
    (place.root / "within").mkdir()
    (place.root / "near").symlink_to(place.root / "within")
    view = folder_view(Roots.of([place.root]), place.root)
    assert [one["name"] for one in view["folders"]] == ["near", "within"]
    assert view["clips"] == 3


def test_a_root_must_be_a_folder(place):
    for path in (place.root / "nowhere", place.root / "night.mp4"):
        with pytest.raises(InputMissingError, match="can't be listed"):
            Roots.of([path])


def test_roots_within_roots_count_once(place):
    (place.root / "sub").mkdir()
    assert Roots.of([place.root / "sub", place.root, place.root]).folders == (place.root.resolve(),)


@pytest.mark.parametrize(
    "path",
    [
        "api/folder?id={id}", "api/groups?tab=1&id={id}", "api/facts?id={id}",
        "api/thumbnail?id={id}", "api/output?id={id}",
    ],
)  # fmt: skip
def test_what_lies_outside_is_as_if_it_were_not_there(server, path):
    (server.root / "leak.mp4").symlink_to(server.secret / "other.mp4")
    outside = (
        server.secret / "other.mp4", server.secret, server.root / "leak.mp4",
        server.root / ".." / "secret" / "other.mp4", server.secret / "none.mp4",
    )  # fmt: skip
    said = set()
    for one in outside:
        reply = server.client.get(path.format(id=id_of(one)))
        assert reply.status_code == 404
        said.add(reply.text)
    assert len(said) == 1  # whether something is there isn't told


def test_jobs_take_nothing_from_outside_and_write_nothing_there(server):
    base = {"folder": id_of(server.root), "choices": {}}
    for wrong in (
        {**base, "clips": [id_of(server.secret / "other.mp4")]},
        {**base, "clips": [id_of(server.root / ".." / "secret" / "other.mp4")]},
        {**base, "folder": id_of(server.secret), "clips": [id_of(server.secret / "other.mp4")]},
        {**base, "clips": [id_of(server.root / "night.mp4")], "output": id_of(server.secret)},
        {**base, "clips": [id_of(server.root / "night.mp4"), id_of(server.secret / "none.mp4")]},
        {**base, "clips": [id_of(server.root / "night.mp4"), id_of(server.root / "none.txt")]},
        {**base, "clips": [id_of(server.root / "notes.txt")]},
        {**base, "clips": []},
        {**base, "clips": "night.mp4"},
    ):
        reply = server.client.post("api/jobs", json=wrong)
        assert reply.status_code in {404, 422}
        assert reply.json()["error"]["message"]
    assert server.app.foreman.queue.jobs == []


@pytest.mark.parametrize(
    "path",
    [
        "/../secret/other.mp4",
        "/%2e%2e/secret/other.mp4",
        "/leak.mp4",
        "/notes.txt",
        "/out/other.mp4",
        "/a%00.mp4",
    ],
)
def test_reports_show_recordings_below_the_roots_alone(server, path):
    (server.root / "leak.mp4").symlink_to(server.secret / "other.mp4")
    (server.root / "out").symlink_to(server.secret)
    # as a scope: clients tidy addresses up before they send them
    reply = server.client.get("files" + str(server.root) + path.replace("/..", "/%2e%2e"))
    assert reply.status_code == 404
    whole = server.client.get(f"files{server.root}/night.mp4")
    assert whole.content == (server.root / "night.mp4").read_bytes()
    part = server.client.get(f"files{server.root}/night.mp4", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])


def test_results_go_beside_or_below_a_root(place):
    named = Roots.of([place.root])
    roots = Roots((*named.folders, results_beside(named.folders[0])))
    (place.root / "trip").mkdir()
    assert default_output(roots, place.root / "trip") == place.root / "trip_clean"
    assert default_output(roots, place.root) == place.root.with_name("card_clean")


@pytest.mark.unprivileged
def test_where_nothing_can_be_written_beside_another_root_takes_the_results(tmp_path):
    card, home = tmp_path / "ro" / "card", tmp_path / "home"
    card.mkdir(parents=True)
    home.mkdir()
    for folder in (card, card.parent):
        folder.chmod(0o500)
    roots = Roots.of([card, home])
    assert default_output(roots, card) == home / "dashcam_clean" / "card"
    with pytest.raises(UsageError, match="nowhere"):
        default_output(Roots.of([card]), card)


def test_the_output_that_is_said_is_that_of_the_job(server):
    said = server.client.get(f"api/output?id={id_of(server.root)}").json()["output"]
    server.app.foreman.pause()
    identity = queue(server)
    found = server.app.foreman.queue.find(identity)
    assert (said, found.output) == ("card_clean", str(server.root.with_name("card_clean")))
