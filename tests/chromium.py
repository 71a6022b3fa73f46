"""A page in a real browser, headless and offline, with whatever it complains of."""

import shutil
from contextlib import contextmanager

import pytest

#: No network, no sandbox (containers), and WebGL by the processor alone.
FLAGS = ("--no-sandbox", "--disable-quic", "--use-gl=angle", "--use-angle=swiftshader")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def opened(path, width=1280, height=900, **settings):
    """Yield a page from file:// and a list that grows with its console's errors.

    The test is skipped where there is no playwright (PyPI) or no Chromium (Debian: chromium).
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=[*FLAGS])
        context = chromium.new_context(
            viewport={"width": width, "height": height}, offline=True, **settings
        )
        page, errors = context.new_page(), []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda problem: errors.append(str(problem)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(path.resolve().as_uri())
        yield page, errors
        chromium.close()
