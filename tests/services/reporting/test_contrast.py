"""The page's colours can be read: the ratios of WCAG 2.1, in light, in dark and on paper."""

import re

import pytest

from services.funding.pages import sheet
from services.reporting.pages import page


def palettes() -> list[dict[str, str]]:
    """The custom colours of each `:root`."""
    return [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", page.stylesheet(), re.DOTALL)
    ]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "paper"])
def test_text_is_at_least_4_5_to_1_and_shapes_3_to_1(palette: dict[str, str]) -> None:
    for ground in ("ground", "raised"):
        for text in ("ink", "quiet", "accent"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
        assert contrast(palette["frame"], palette[ground]) >= 3, ground
    assert contrast(palette["warn"], palette["warn-ground"]) >= 4.5
    assert contrast(palette["accent-soft"], palette["raised"]) >= 2.5


def test_the_pages_of_all_services_have_the_same_colours_and_no_others() -> None:
    for style in (page.stylesheet(), sheet.stylesheet()):
        outside = re.sub(r":root \{.*?\}", "", style, flags=re.DOTALL)
        assert re.findall(r"#[0-9a-f]{3,6}\b", outside) == []
    assert re.findall(r":root \{.*?\}", page.stylesheet(), re.DOTALL) == re.findall(
        r":root \{.*?\}", sheet.stylesheet(), re.DOTALL
    )
