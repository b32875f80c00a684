"""A patient's browser for server/tests/survey_page.rs: Chromium, as large as a phone.

Opens the link, looks at the page, sends it once without an answer, then answers. Prints one
JSON object with what was seen; asserts nothing itself.
"""

import argparse
import json
import shutil
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

WIDTH, HEIGHT = 390, 844
# A page that takes longer does not come.
SECONDS = 30


def browser():
    options = Options()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (
        "--headless=new",
        # Tests run as root where they run in a container.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        f"--window-size={WIDTH},{HEIGHT}",
        "--lang=en",
    ):
        options.add_argument(argument)
    options.add_experimental_option(
        "mobileEmulation",
        {"deviceMetrics": {"width": WIDTH, "height": HEIGHT, "pixelRatio": 2.0}},
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = shutil.which("chromedriver")
    if not driver or not options.binary_location:
        sys.exit("no Chromium with its driver: `cargo xtask setup` installs both")
    return webdriver.Chrome(options=options, service=Service(driver))


def look(page):
    """What a person sees, and what would be in their way."""
    run = page.execute_script
    return {
        "language": page.find_element(By.TAG_NAME, "html").get_attribute("lang"),
        "heading": page.find_element(By.TAG_NAME, "h1").text,
        "text": page.find_element(By.TAG_NAME, "main").text,
        "groups": [it.text for it in page.find_elements(By.TAG_NAME, "legend")],
        "alerts": [it.text for it in page.find_elements(By.CSS_SELECTOR, "[role=alert]")],
        "scrolls_sideways": run(
            "return document.documentElement.scrollWidth > window.innerWidth"
        ),
        # WCAG 2.2, 2.5.8 asks for 24; a thumb wants 44.
        "smallest_target": run(
            "return Math.min(...[...document.querySelectorAll('.choices label, button')]"
            ".map(it => it.getBoundingClientRect().height), 999)"
        ),
        "unnamed": run(
            "return [...document.querySelectorAll('input:not([type=hidden]), textarea')]"
            ".filter(it => !it.labels.length).length"
        ),
        "scripts": len(page.find_elements(By.TAG_NAME, "script")),
    }


def choose(page, name, value):
    field = page.find_element(By.CSS_SELECTOR, f'input[name="{name}"][value="{value}"]')
    # By its label, as a thumb does.
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
    field.find_element(By.XPATH, "./..").click()


def go(page, selector, leaves=True):
    """Presses something, and waits for the page that it leads to."""
    before = page.find_element(By.TAG_NAME, "html")
    pressed = page.find_element(By.CSS_SELECTOR, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", pressed)
    pressed.click()
    if leaves:
        WebDriverWait(page, SECONDS).until(staleness_of(before))


def send(page, leaves=True):
    go(page, "button[type=submit]", leaves)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True)
    options.add_argument("--comment", required=True, help="what is typed")
    options.add_argument("--pictures", help="a folder for what was seen")
    wanted = options.parse_args()
    page = browser()
    seen = {}

    def keep(name):
        seen[name] = look(page)
        if wanted.pictures:
            page.save_screenshot(f"{wanted.pictures}/{name}.png")

    try:
        page.get(wanted.url)
        keep("opened")
        go(page, "nav a")
        keep("switched")
        send(page, leaves=False)
        # The browser itself asks who answers: nothing was sent.
        seen["held_back"] = page.execute_script(
            "return document.querySelectorAll(':invalid').length > 0"
        )
        choose(page, "answered_by", "patient")
        send(page)
        keep("empty")
        choose(page, "answered_by", "patient")
        choose(page, "respect", "yes")
        choose(page, "overall", "9")
        choose(page, "call-me", "false")
        page.find_element(By.NAME, "comment").send_keys(wanted.comment)
        send(page)
        keep("sent")
        page.refresh()
        keep("again")
        seen["complaints"] = [
            it["message"]
            for it in page.get_log("browser")
            # Chromium looks for an icon, and says that a page was answered 422.
            if "favicon" not in it["message"] and "422" not in it["message"]
        ]
    finally:
        page.quit()
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
