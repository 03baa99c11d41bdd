"""A session picker as the page shows it, and what a user does with it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

LOAD = "%load_ext copilot_magics\nfrom copilot_magics import SessionPicker"
SHOW = f"{LOAD}\npicker = SessionPicker()\npicker"


@dataclass(frozen=True)
class PickerView:
    """One view of a picker.

    Parameters
    ----------
    root : Locator
        Its outermost element.
    """

    root: Locator

    @property
    def page(self) -> Page:
        """The page that it is in."""
        return self.root.page

    @property
    def ids(self) -> Locator:
        """The IDs of the rows on the screen, from the top."""
        return self.root.locator('.ag-row [col-id="id"]')

    @property
    def count(self) -> Locator:
        """How many sessions it says that it shows."""
        return self.root.locator(".cp-count")

    @property
    def status(self) -> Locator:
        """The status line."""
        return self.root.get_by_role("status")

    @property
    def search(self) -> Locator:
        """The search box."""
        return self.root.get_by_role("textbox", name="Search sessions and what was said in them")

    @property
    def preview(self) -> Locator:
        """The selected session, what can be done with it, and its conversation."""
        return self.root.get_by_role("region", name="Selected session")

    @property
    def conversation(self) -> Locator:
        """What was said, which scrolls."""
        return self.root.locator(".cp-conversation")

    @property
    def dialog(self) -> Locator:
        """The question in front of it."""
        return self.root.get_by_role("dialog")

    def row(self, session: str) -> Locator:
        """Return a session's row."""
        return self.root.locator(f'.ag-row[row-id="{session}"]')

    def cell(self, session: str, column: str) -> Locator:
        """Return a cell of a session's row, by the column's name in the row."""
        return self.row(session).locator(f'[col-id="{column}"]')

    def heading(self, name: str) -> Locator:
        """Return a column's heading, which sorts."""
        return self.root.get_by_role("columnheader", name=name)

    def button(self, name: str) -> Locator:
        """Return a button that is not in the table."""
        return self.root.locator(".cp-head, .cp-preview, dialog, .cp-nothing").get_by_role(
            "button", name=name, exact=True
        )

    def choose(self, session: str, *more: str) -> None:
        """Click a row, and others while Ctrl is held."""
        self.cell(session, "id").click()
        for other in more:
            self.cell(other, "id").click(modifiers=["Control"])
        self.expect_chosen(session, *more)

    def expect_chosen(self, *sessions: str) -> None:
        """These rows are selected, and no others that are on the screen."""
        expect(self.root.locator(".ag-row-selected")).to_have_count(len(sessions))
        for session in sessions:
            expect(self.row(session)).to_have_attribute("aria-selected", "true")

    def expect_ids(self, *sessions: str) -> None:
        """The table shows these sessions, in this order."""
        expect(self.ids).to_have_text(list(sessions))

    def expect_said(self, text: str) -> None:
        """The status line says something with this text in it."""
        expect(self.status).to_contain_text(text)
