"""The report in a real browser, opened from disk: quiet, offline, searchable, and deaf to hostile texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from pipeline.report import write_report
from tests.support.datasets import plain, write_dataset
from tests.support.hostile_rows import TEXTS, hostile

ROWS = 2500
PLOTS = 8


def start_browser() -> Chrome:
    """A headless browser with its console and its network in the log."""
    options = ChromeOptions()
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=1280,1000",
    ):  # fmt: skip
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium") or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options, ChromeService(shutil.which("chromedriver")))


class Page:
    """The report of a folder, opened from disk and ready."""

    def __init__(self, driver: Chrome, folder: Path) -> None:
        self.driver = driver
        driver.get((folder / "report.html").as_uri())
        self.wait(lambda: driver.find_elements(By.CSS_SELECTOR, "#rows[data-ready]"))

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, 30, 0.02).until(lambda _: condition())

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def search(self, words: str) -> None:
        self.find("#query").clear()
        self.find("#query").send_keys(words)

    def wait_for_count(self, text: str) -> None:
        self.wait(lambda: self.find("#found").text.startswith(text))

    def open_first(self) -> str:
        self.find("#list").send_keys(Keys.HOME)
        self.wait(lambda: self.find("#row").text)
        return str(self.find("#row").text)


def counted(number: int, field: str) -> str:
    """Texts that tell the rows apart: the number in words of the response and of the instruction."""
    if field == "response":
        return f"It returns {number}.\n\n```python\ndef f_{number}(x):\n    return {number}\n```"
    if field == "tests":
        return f"assert f_{number}(0) == {number}"
    return f"task {number}: double it" if field == "instruction" else plain(number, field)


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    browser = start_browser()
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("artifacts")
    before = write_dataset(artifacts, range(100), counted, "before")
    found = write_dataset(artifacts, range(ROWS), counted)
    write_report(artifacts, found, before)
    return found


@pytest.fixture
def page(driver: Chrome, folder: Path) -> Page:
    driver.get_log("performance")
    driver.get_log("browser")
    return Page(driver, folder)


def test_the_console_stays_empty_and_the_network_unused(page):
    page.search("task 77:")
    page.wait_for_count("25 of 2,500")
    page.open_first()
    assert page.driver.get_log("browser") == []
    assert outside(page.driver) == []


def outside(driver: Chrome) -> list[str]:
    """Addresses that the browser asked for, but files of the disk."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"]
    return [address for address in asked if not address.startswith("file:")]


def test_every_plot_is_drawn_with_marks_that_have_a_tip(page):
    plots = page.driver.find_elements(By.CSS_SELECTOR, "figure.plot svg")
    assert len(plots) == PLOTS
    for plot in plots:
        assert plot.size["width"] > 200
        assert plot.find_elements(By.CSS_SELECTOR, ".role-mark [aria-label]")
    mark = page.find("#funnel .role-mark [aria-label]")
    page.driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))", mark)
    assert page.find("#tip").text == "seeds: 2,500 of 5,000 kept"


def test_search_finds_words_of_the_instruction(page):
    page.search("task 1234: DOUBLE")
    page.wait_for_count("1 of 2,500")
    assert "task 1234: double it" in page.open_first()


def test_the_deep_search_finds_words_of_the_response_alone(page):
    page.search("f_2345")
    page.wait_for_count("0 of 2,500")
    page.find("#deep").click()
    page.wait_for_count("1 of 2,500")
    assert "def f_2345(x):" in page.open_first()


def test_filters_narrow_the_rows_and_a_concept_is_one_click_away(page):
    Select(page.find("#category")).select_by_value("category 3")
    page.wait_for_count("357 of 2,500")
    page.open_first()
    page.find("#row .chip").click()
    page.wait(lambda: Select(page.find("#concept")).first_selected_option.text != "any")
    Select(page.find("#category")).select_by_value("")
    page.wait_for_count("714 of 2,500")
    Select(page.find("#samples")).select_by_value("all")
    page.wait_for_count("0 of 2,500")


def test_rows_can_be_read_with_the_keyboard_alone(page):
    body = page.find("body")
    body.send_keys("/")
    assert page.driver.switch_to.active_element == page.find("#query")
    page.find("#list").send_keys(Keys.END)
    page.wait(lambda: "f_2499" in page.find("#row").text)
    page.find("#list").send_keys(Keys.ARROW_UP)
    page.wait(lambda: "f_2498" in page.find("#row").text)
    chosen = page.find("#" + page.find("#list").get_attribute("aria-activedescendant"))
    assert chosen.get_attribute("aria-selected") == "true"
    assert chosen.get_attribute("aria-posinset") == "2499"


def test_the_list_draws_only_what_is_in_view(page):
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#list .item")) < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground_in_light_and_dark(page, scheme):
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    page.open_first()
    for selector in (".tiles b", ".tiles small", "section > p", "nav a", "#row pre", "#row .word",
                     "#row .number", ".item .facts", ".role-axis-label text"):  # fmt: skip
        ratio = page.driver.execute_script(_CONTRAST, page.find(selector))
        assert ratio >= 4.5, (selector, ratio)


_CONTRAST = """
const light = (text) => {
  const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const style = getComputedStyle(arguments[0]);
const ink = light(arguments[0] instanceof SVGElement ? style.fill : style.color);
let ground = arguments[0];
while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
const paper = light(getComputedStyle(ground).backgroundColor);
return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
"""


def test_it_prints_without_the_browser_of_rows(page):
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find("#rows").is_displayed()
    assert page.find("#funnel svg").is_displayed()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.fixture(scope="module")
def hostile_page(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Page:
    artifacts = tmp_path_factory.mktemp("hostile")
    folder = write_dataset(artifacts, range(len(TEXTS)), hostile)
    write_report(artifacts, folder, write_dataset(artifacts, range(1, 40), hostile, "before"))
    driver.get_log("performance")
    driver.get_log("browser")
    return Page(driver, folder)


def test_hostile_texts_stay_texts_wherever_they_are_shown(hostile_page):
    page, driver = hostile_page, hostile_page.driver
    driver.execute_script("document.querySelectorAll('details').forEach((each) => each.open = true)")
    for _ in TEXTS:
        page.find("#list").send_keys(Keys.ARROW_DOWN)
        page.wait(lambda: page.find("#row h4"))
        for chip in page.driver.find_elements(By.CSS_SELECTOR, "#row .chip"):
            assert chip.is_displayed()
    page.find("#deep").click()
    for text in TEXTS:
        driver.execute_script(
            "const query = document.getElementById('query'); query.value = arguments[0];"
            "query.dispatchEvent(new Event('input'))",
            text[:200],
        )
        page.wait(lambda: "searching" not in page.find("#found").text)
    driver.execute_script(
        "for (const mark of document.querySelectorAll('.role-mark [aria-label]'))"
        " mark.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    )
    assert driver.execute_script("return window.attacked") is None
    assert driver.execute_script("return document.scripts.length") == 1
    assert not driver.find_elements(By.CSS_SELECTOR, "img, iframe, object, link, base, meta[content^='0;']")
    assert driver.get_log("browser") == []
    assert outside(driver) == []


def test_the_first_row_is_open_at_once(page):
    page.wait(lambda: "task 0: double it" in page.find("#row").text)


def test_rows_are_sorted(page):
    Select(page.find("#order")).select_by_value("long")
    page.wait(lambda: "task 1000: double it" in page.find("#row").text)
    Select(page.find("#order")).select_by_value("")
    page.wait(lambda: "task 0: double it" in page.find("#row").text)


def test_a_row_that_is_taken_out_becomes_a_line_with_its_reason_and_can_be_kept_again(page):
    page.wait(lambda: page.find("#row").text)
    id = page.find("#row h4").text
    page.find(".take-out input").send_keys("its tests   prove nothing")
    page.find(".take-out button").click()
    assert page.find("#reject-lines").get_property("value") == f"{id} its tests prove nothing\n"
    page.find(".take-out button").click()
    assert not page.find("#taken-out").is_displayed()


def test_a_narrow_page_is_not_wider_than_its_window(page):
    size = {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.wait(lambda: page.driver.execute_script("return innerWidth") == 400)
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 400
        lines = """return [...document.querySelectorAll("#origin td:first-child")].map((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return range.getClientRects().length;
        })"""
        assert set(page.driver.execute_script(lines)) == {1}
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_rejected_records_are_browsed_by_rule_with_their_evidence(page):
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, "#rejected[data-ready]"))
    # Each of the seven rules of the seeds and one of the selection, a hundred of each.
    page.wait(lambda: page.find("#rejected-found").text == "800 of 800 rejected records")
    summary = page.find("#rejections details summary")
    page.driver.execute_script("arguments[0].parentElement.open = true", summary)
    button = page.find("#rejections details[open] button")
    page.driver.execute_script("arguments[0].click()", button)
    page.wait(lambda: page.find("#rejected-found").text == "100 of 800 rejected records")
    stage, rule = button.get_attribute("data-rule").split(": ")
    page.wait(lambda: f"rejected in {stage} by {rule}" in page.find("#rejected-row").text)
    assert "evidence" in page.find("#rejected-row pre").text
    chosen = Select(page.find("#rejected-rule")).first_selected_option.text
    assert chosen == f"{stage}: {rule} ({358 if rule == 'rule 0' else 357} in all)"


def test_a_rejected_response_is_shown_with_its_verdict_and_rows_stay_as_they_are(page):
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, "#rejected[data-ready]"))
    Select(page.find("#rejected-stage")).select_by_value("selection")
    page.wait(lambda: page.find("#rejected-found").text.startswith("100 of"))
    page.wait(lambda: "not_passed" in page.find("#rejected-row").text)
    assert "stderr " in page.find("#rejected-row").text
    assert page.find("#found").text == "2,500 of 2,500 rows"
