"""Uses reports in headless Chromium as a reader does: clicks, keys, narrow and wide windows, light and dark.

    check.py BROWSER SCREENSHOTS REPORT...

Prints a line for each check and ends with 1 if any failed. Talks to the browser through its debugging pipe, so it needs nothing but
Python.
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import sys
import tempfile
import time

WIDTHS = [360, 768, 1440]
HEIGHTS = {360: 740, 768: 1024, 1440: 900}


class Browser:
    """A headless Chromium with one page, by the DevTools protocol: JSON texts that end with a zero byte."""

    def __init__(self, program, profile):
        def pipe():
            # Beyond the two places of the protocol, so that they are free to be taken.
            return [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in os.pipe()]

        child_reads, self.writes = pipe()
        self.reads, child_writes = pipe()
        flags = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run", "--mute-audio",
                 "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--force-color-profile=srgb"]
        # As root, in a container, there is no sandbox.
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []
        silence = os.open(os.devnull, os.O_WRONLY)
        self.process = os.posix_spawn(
            program, [program, *flags, "about:blank"], os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, child_reads, 3), (os.POSIX_SPAWN_DUP2, child_writes, 4),
                          (os.POSIX_SPAWN_DUP2, silence, 2)])
        os.close(child_reads)
        os.close(child_writes)
        self.buffer = b""
        self.events = []
        self.number = 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"]:
            self.call(f"{domain}.enable")

    def message(self, seconds=30):
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.reads], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.reads, 1 << 20)
            if not piece:
                raise EOFError("the browser has gone")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.writes, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, expression, seconds=5):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.value(expression):
                return True
            time.sleep(0.03)
        return False

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        if not self.until("document.readyState === 'complete' && document.fonts.status === 'loaded'", 20):
            raise TimeoutError(f"{path} does not load")

    def size(self, width, height=None, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height or HEIGHTS[width], deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def click(self, element):
        """In the middle of what an expression gives, after scrolling there."""
        x, y = self.value(f"""(() => {{
            const element = {element};
            element.scrollIntoView({{block: "center"}});
            const box = element.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, code, text=None):
        for kind in ["keyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name if name != " " else "Space",
                      windowsVirtualKeyCode=code, **({"text": text} if text and kind == "keyDown" else {}))

    def screenshot(self, path):
        self.value("scrollTo(0, 0)")
        width, height = self.value("[innerWidth, Math.min(document.documentElement.scrollHeight, 12000)]")
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
        except (EOFError, OSError):
            pass
        os.waitpid(self.process, 0)


# What lies beyond the window's edge and is in no box that scrolls.
OVERFLOW = """((width) => {
  const beyond = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= width + 1) return false;
    for (let box = element; box; box = box.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(box).overflowX)) return false;
    }
    return true;
  });
  const page = document.documentElement.scrollWidth - width;
  return (page > 0 ? [`the page, by ${page} pixels`] : []).concat(beyond.map((element) => element.outerHTML.slice(0, 60)));
})"""

# Texts with a contrast under 4.5 to what is painted behind them, by WCAG 2.
CONTRAST = """(() => {
  const numbers = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => top.slice(0, 3).map((value, i) => value * top[3] / 255 + below[i] * (1 - top[3] / 255));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const known = new Map();
  const colour = (text) => known.get(text) ?? known.set(text, numbers(text)).get(text);
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!isText || !element.checkVisibility() || element.closest("script, title")) continue;
    let below = [255, 255, 255];
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(colour(getComputedStyle(at).backgroundColor));
    for (const layer of chain) below = over(layer, below);
    const style = getComputedStyle(element);
    const text = over(colour(element.closest("svg") ? style.fill : style.color), below);
    const [high, low] = [luminance(text), luminance(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${element.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()"""

SHOWN = "[...document.querySelectorAll('.panels, .verdicts')].filter((e) => e.checkVisibility()).map((e) => e.innerText).join()"
AUDIO = "[...document.querySelectorAll('.player audio')]"
BUTTON = "[...document.querySelectorAll('.player button')]"


class Checks:
    def __init__(self, browser, screenshots):
        self.browser = browser
        self.screenshots = screenshots
        self.failed = 0
        self.count = 0

    def expect(self, passed, what, found=""):
        self.count += 1
        self.failed += 0 if passed else 1
        print(f"  {'ok      ' if passed else 'FAILED  '}{what}" + (f": {found}" if found and not passed else ""))

    def report(self, path):
        name = pathlib.Path(path).resolve().parent.name
        megabytes = os.path.getsize(path) / 1e6
        print(f"{name}: {megabytes:.2f} MB")
        self.expect(megabytes < 6, "the page has less than 6 MB")
        browser = self.browser
        browser.size(1440)
        browser.open(path)
        places = browser.value("[...document.querySelectorAll('h2')].map((h) => [h.textContent, "
                               "(h.getBoundingClientRect().top + scrollY) / innerHeight])")
        print("  screens down at 1440 x 900: " + ", ".join(f"{text} {place:.2f}" for text, place in places))
        reach = dict(places)
        for section in ["Verdict", "Figure", "Sound"]:
            if section in reach:
                self.expect(reach[section] < 2.8, f"{section} shows after two screens", f"{reach[section]:.2f}")
        self.looks(name)
        browser.size(1440)
        self.switch()
        self.players()
        self.legends()
        self.names()
        self.console(path)
        self.without_script(path)

    def looks(self, name):
        browser = self.browser
        for width in WIDTHS:
            for dark in [False, True]:
                browser.size(width, dark=dark)
                browser.screenshot(self.screenshots / f"{name}-{width}-{'dark' if dark else 'light'}.png")
            for state in ["folded", "unfolded"]:
                browser.value(f"document.querySelectorAll('details').forEach((d) => d.open = {str(state == 'unfolded').lower()})")
                found = browser.value(f"{OVERFLOW}({width})")
                self.expect(not found, f"nothing overflows at {width} pixels, {state}", found[:3])
            if width == 1440:
                for dark in [False, True]:
                    browser.size(width, dark=dark)
                    poor = browser.value(CONTRAST)
                    self.expect(not poor, f"text has a contrast of 4.5, {'dark' if dark else 'light'}", poor[:3])
            browser.value("document.querySelectorAll('details').forEach((d) => d.open = false)")

    def switch(self):
        browser = self.browser
        radios = browser.value("[...document.querySelectorAll('.bar input[type=radio]')].map((r) => r.id)")
        if not radios:
            return
        seen, tables = [], []
        for radio in radios[1::2] + radios[0::2]:
            browser.click(f"document.getElementById('{radio}').closest('label')")
            seen.append(browser.value(SHOWN))
            tables.append(browser.value("[...document.querySelectorAll('.panels')].filter((e) => e.checkVisibility()).length"))
        self.expect(len(set(seen)) == 4, "a click on the switch changes table and verdict", f"{len(set(seen))} of 4 states")
        self.expect(tables == [1] * 4, "one way of testing is shown at a time", tables)
        browser.value(f"document.getElementById('{radios[0]}').focus()")
        browser.key("ArrowRight", 39)
        self.expect(browser.value(SHOWN) == seen[0], "an arrow key does too")
        browser.key("ArrowLeft", 37)

    def players(self):
        browser = self.browser
        if not browser.value(f"{AUDIO}.length"):
            return
        # Short sounds last for as long as the checks take.
        browser.value(f"{AUDIO}.forEach((a) => a.defaultPlaybackRate = a.playbackRate = 0.25)")
        browser.click(f"{BUTTON}[0]")
        self.expect(browser.until(f"!{AUDIO}[0].paused && {AUDIO}[0].currentTime > 0.1"), "a click plays",
                    browser.value(f"{AUDIO}[0].error?.message ?? {AUDIO}[0].currentTime"))
        self.expect(browser.until("parseFloat(document.querySelector('.line').style.left) > 0 && "
                                  "getComputedStyle(document.querySelector('.line')).visibility === 'visible'"), "a line moves")
        self.expect(browser.value(f"{BUTTON}[0].getAttribute('aria-pressed')") == "true", "the button says that it plays")
        before = browser.value(f"{AUDIO}[0].currentTime")
        browser.click(f"{BUTTON}[1]")
        self.expect(browser.until(f"!{AUDIO}[1].paused && {AUDIO}[0].paused"), "another player stops the first")
        self.expect(browser.until(f"{AUDIO}[1].currentTime >= {before} && {AUDIO}[1].currentTime > 0.1"),
                    "it goes on from the same place", browser.value(f"[{before}, {AUDIO}[1].currentTime]"))
        self.expect(browser.value(f"{AUDIO}.filter((a) => !a.paused).length") == 1, "one sound plays at a time")
        browser.click(f"{BUTTON}[1]")
        self.expect(browser.until(f"{AUDIO}[1].paused && {BUTTON}[1].getAttribute('aria-pressed') === 'false'"), "a click stops")
        browser.value(f"{BUTTON}[2].focus()")
        browser.key(" ", 32, " ")
        self.expect(browser.until(f"!{AUDIO}[2].paused && {AUDIO}[2].currentTime > 0"), "the space bar plays")
        before = browser.value(f"{AUDIO}[2].currentTime")
        browser.key("ArrowRight", 39)
        self.expect(browser.until(f"{AUDIO}[2].currentTime >= Math.min({before} + 0.25, {AUDIO}[2].duration)"),
                    "the right arrow moves on")
        browser.value(f"{AUDIO}.forEach((a) => a.pause())")
        # Every sound decodes.
        bad = browser.value(f"""Promise.all({AUDIO}.map((audio) => new Promise((done) => {{
            audio.onloadeddata = () => done(null);
            audio.onerror = () => done(audio.ariaLabel);
            audio.preload = "auto";
            audio.load();
        }}))).then((names) => names.filter((name) => name))""")
        self.expect(not bad, "every sound decodes", bad[:3])

    def legends(self):
        browser = self.browser
        if not browser.value("document.querySelectorAll('.legend').length"):
            return
        figure = "document.querySelector('figure:has(.legend)')"
        count = browser.value(f"{figure}.querySelectorAll('.legend input').length")
        shown = f"[...{figure}.querySelectorAll('[class^=series]')].map((p) => p.checkVisibility())"
        browser.click(f"{figure}.querySelectorAll('.legend label')[0]")
        self.expect(browser.value(shown) == [False] + [True] * (count - 1), "the legend hides a series", browser.value(shown))
        browser.click(f"{figure}.querySelectorAll('.legend label')[0]")
        self.expect(browser.value(shown) == [True] * count, "and shows it again", browser.value(shown))

    def names(self):
        browser = self.browser
        nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
        roles = ["button", "radio", "checkbox", "link", "image", "img", "region", "table", "navigation"]
        nameless = [node["role"]["value"] for node in nodes
                    if not node.get("ignored") and node["role"]["value"] in roles and not node.get("name", {}).get("value")]
        self.expect(not nameless, "everything to use or see has a name", nameless[:5])
        browser.value("document.querySelector('nav a').focus()")
        rings = []
        for _ in range(12):
            browser.key("Tab", 9)
            rings.append(browser.value("getComputedStyle(document.activeElement).outlineStyle + ' ' + "
                                       "document.activeElement.outerHTML.slice(0, 40)"))
        rings = [ring for ring in rings if not ring.startswith("solid")]
        self.expect(not rings, "the focus can be seen", rings)

    def console(self, path):
        complaints, addresses = [], set()
        own = pathlib.Path(path).resolve().as_uri()
        for event in self.browser.events:
            details = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                complaints.append(details["exceptionDetails"]["text"])
            if event["method"] == "Log.entryAdded" and details["entry"]["level"] in ["error", "warning"]:
                complaints.append(details["entry"]["text"])
            if event["method"] == "Runtime.consoleAPICalled":
                complaints.append(str(details["args"])[:200])
            if event["method"] == "Network.requestWillBeSent":
                addresses.add(details["request"]["url"].split("#")[0][:200])
        self.expect(not complaints, "the console stays empty", complaints[:3])
        elsewhere = [address for address in addresses if not address.startswith("data:") and address != own]
        self.expect(not elsewhere, "nothing is loaded from elsewhere", elsewhere[:3])

    def without_script(self, path):
        browser = self.browser
        if not browser.value(f"{AUDIO}.length"):
            return
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(path)
        self.expect(browser.value(f"{AUDIO}.every((a) => a.controls && a.checkVisibility())")
                    and browser.value(f"{BUTTON}.every((b) => !b.checkVisibility())"), "without scripts the browser's own players show")
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def main():
    program, screenshots, *reports = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        checks = Checks(browser, pathlib.Path(screenshots))
        try:
            for path in reports:
                checks.report(path)
        finally:
            browser.close()
    print(f"{checks.count - checks.failed} of {checks.count} checks passed; screenshots are in {screenshots}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
