from __future__ import annotations

import pytest

from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.stages.share import Share


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("bottom:4%", "0,518,960,22"),  # 4% of 540 are 21.6 rows
        ("bottom : 40", "0,500,960,40"),
        ("top:10%", "0,0,960,54"),
        ("left:25%", "0,0,240,540"),
        ("RIGHT:10", "950,0,10,540"),
        ("bottom:9000", "0,0,960,540"),
        ("0,96%,100%,4%", "0,518,960,22"),
        ("10,5%,12.5%,4", "10,27,120,4"),
        ("0.1%,0,100%,1%", "0,0,961,6"),  # reaches over the edge; clipped where it is used
    ],
)
def test_what_it_is_of_a_picture(text, box):
    assert str(Share(text).box(960, 540)) == box


def test_a_third_is_exact_in_any_size():
    assert str(Share("bottom:33.3%").box(1000, 1000)) == "0,667,1000,333"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bottom:", "'' is neither pixels (40) nor per cent (4%)"),
        ("bottom:-4%", "'-4%' is neither pixels"),
        ("bottom:0%", "larger than nothing"),
        ("bottom:101%", "101% is more than the whole picture"),
        ("middle:4%", "a strip along an edge (bottom:4%)"),
        ("0,96%,100%", "a box is x,y,w,h, in pixels or per cent"),
        ("0,96%,0%,4%", "larger than nothing"),
    ],
)
def test_what_can_not_be_is_named(text, said):
    with pytest.raises(UsageError) as caught:
        make_config({"protect": [text]}, names={"protect": "--protect"})
    assert str(caught.value).startswith(f"--protect[1] = '{text}': ")
    assert said in str(caught.value)


def test_a_configuration_survives_being_written_and_read():
    config = make_config({"protect": ["bottom:4%", "1,2,3,4", ["0", "90%", 5, 6]]})
    assert [str(place) for place in config.protect] == ["bottom:4%", "1,2,3,4", "0,90%,5,6"]
    data = config.model_dump(mode="json")
    assert data["protect"][:2] == ["bottom:4%", {"x": 1, "y": 2, "width": 3, "height": 4}]
    assert CleanConfig.model_validate(data) == config
