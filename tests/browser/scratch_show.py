from __future__ import annotations
import json
from pathlib import Path
from playwright.sync_api import expect
from scripted import ScriptedServer

OUT = Path("/tmp/show")

def test_tools(front_end, provider: ScriptedServer, tmp_path):
    (tmp_path/"work").mkdir(exist_ok=True)
    page = front_end("%load_ext copilot_magics\n%copilot_session shows --permissions allow-all", "%%copilot\ntool bash {\"command\": \"echo '<b>hi</b>' && ls -la /\", \"description\": \"look\"}\ntool view {\"path\": \"/nonexistent\"}\nthen tool create {\"path\": \"x.txt\", \"file_text\": \"a\\nb\"}\ngate one", "print('below')")
    page.resize(1000, 900)
    page.cell(0).run()
    cell = page.cell(1).run(wait=False)
    provider.wait_reached("one")
    expect(cell.output).to_contain_text("Before one")
    page.page.screenshot(path=OUT/"tools1.png")
    for i in range(cell.outputs.count()):
        print(i, cell.outputs.nth(i).bounding_box(), cell.outputs.nth(i).inner_html()[:300])
    provider.release("one")
    cell.finished()
    cell.output.locator("summary").first.click()
    page.page.screenshot(path=OUT/"tools2.png")
    cell = page.run("%%copilot\ngate two", wait=False)
    expect(cell.output).to_contain_text("answering")
    expect(cell.outputs).to_have_count(3)
    for i in range(cell.outputs.count()):
        print(i, cell.outputs.nth(i).bounding_box(), cell.outputs.nth(i).inner_html()[:300])
    page.page.screenshot(path=OUT/"tools3.png")
    provider.release("two")
    cell.finished()
    page.page.screenshot(path=OUT/"tools4.png")
    page.change_theme("JupyterLab Dark")
    page.page.screenshot(path=OUT/"tools5.png")
