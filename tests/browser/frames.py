"""A cell's output in every frame that the browser drew, to see that nothing flickers."""

from __future__ import annotations

from dataclasses import dataclass

from browser.front_end import CellView

_RECORD = """cell => {
    const output = cell.querySelector(".jp-Cell-outputArea");
    const frames = cell.recordedFrames = [];
    const look = () => {
        const box = output.getBoundingClientRect();
        const frame = {text: output.textContent, top: box.top, height: box.height};
        if (JSON.stringify(frame) !== JSON.stringify(frames.at(-1))) frames.push(frame);
        if (cell.recordedFrames === frames) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""

# Two frames more: the last change may not have been drawn yet.
_STOP = """cell => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => {
    const frames = cell.recordedFrames;
    delete cell.recordedFrames;
    resolve(frames);
})))"""


@dataclass(frozen=True)
class Frame:
    """One look of an output, in pixels."""

    text: str
    top: float
    height: float


def start_recording(cell: CellView) -> None:
    """Look at a cell's output in every frame from now on."""
    cell.root.evaluate(_RECORD)


def stop_recording(cell: CellView) -> list[Frame]:
    """Return the frames that differed from the one before."""
    return [Frame(**frame) for frame in cell.root.evaluate(_STOP)]
