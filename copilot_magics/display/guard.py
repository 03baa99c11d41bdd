"""A widget that closes another in the page when the kernel that could answer it is gone.

When a kernel restarts, its widgets stay on the page, dead. This one, an invisible child of the
widget it guards, hears of it, closes that widget, and empties the output that showed it, so that
the saved notebook holds nothing that cannot be shown.
"""

from __future__ import annotations

import anywidget
import traitlets


class Guard(anywidget.AnyWidget):
    """Closes a widget when the kernel is gone.

    Attributes
    ----------
    root : str
        The model ID of the widget to close.
    """

    _esm = """
    const VIEW = "application/vnd.jupyter.widget-view+json";
    const GONE = ["restarting", "autorestarting", "terminating", "dead"];
    const NOTHING = { output_type: "display_data", data: { "text/plain": "" }, metadata: {} };

    function* outputAreas(manager) {
      const notebook = manager.context?.model;
      if (!notebook || notebook.isDisposed) return;
      for (const cell of notebook.cells ?? []) if (cell.outputs) yield cell.outputs;
    }

    function initialize({ model }) {
      const manager = model.widget_manager;
      const kernel = manager.kernel;
      const close = async () => {
        const root = model.get("root");
        for (const outputs of outputAreas(manager))
          for (let n = 0; n < outputs.length; n++)
            if (outputs.get(n).data?.[VIEW]?.model_id === root) outputs.set(n, NOTHING);
        (await manager.get_model(root)).close(true);
      };
      const look = (_, status) => GONE.includes(status) && close();
      model.on("comm_live_update", close);
      kernel?.statusChanged.connect(look);
      kernel?.disposed.connect(close);
      return () => {
        model.off("comm_live_update", close);
        kernel?.statusChanged.disconnect(look);
        kernel?.disposed.disconnect(close);
      };
    }

    export default { initialize };
    """

    root = traitlets.Unicode().tag(sync=True)
