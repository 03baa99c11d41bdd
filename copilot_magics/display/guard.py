"""A widget that puts a static output in the place of another, when that one has had its time.

When a kernel restarts, its widgets stay on the page, dead. This one, an invisible child of the
widget it guards, hears of it, closes that widget, and empties the output that showed it, so that
the saved notebook holds nothing that cannot be shown. And it hears of the widget's end in a page
that was loaded anew, where no display of the kernel's can be updated.
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
    left : dict of str to str
        The output (a MIME bundle) to leave when the kernel is gone; empty: an empty one.
    final : dict of str to str
        The output to leave at the widget's end; empty until then.
    """

    _esm = """
    const VIEW = "application/vnd.jupyter.widget-view+json";
    const GONE = ["restarting", "autorestarting", "terminating", "dead"];
    const NOTHING = { "text/plain": "" };

    function* outputAreas(manager) {
      const notebook = manager.context?.model;
      if (!notebook || notebook.isDisposed) return;
      for (const cell of notebook.cells ?? []) if (cell.outputs) yield cell.outputs;
    }

    function initialize({ model }) {
      const manager = model.widget_manager;
      const kernel = manager.kernel;
      const known = (bundle) => bundle && Object.keys(bundle).length > 0;
      const replace = (data) => {
        const output = { output_type: "display_data", data, metadata: {} };
        for (const outputs of outputAreas(manager))
          for (let n = 0; n < outputs.length; n++)
            if (outputs.get(n).data?.[VIEW]?.model_id === model.get("root")) outputs.set(n, output);
      };
      const close = async () => {
        const [final, left] = [model.get("final"), model.get("left")];
        replace(known(final) ? final : known(left) ? left : NOTHING);
        (await manager.get_model(model.get("root"))).close(true);
      };
      const end = () => known(model.get("final")) && replace(model.get("final"));
      const look = (_, status) => GONE.includes(status) && close();
      model.on("comm_live_update", close);
      model.on("change:final", end);
      kernel?.statusChanged.connect(look);
      kernel?.disposed.connect(close);
      end();
      return () => {
        model.off("comm_live_update", close);
        model.off("change:final", end);
        kernel?.statusChanged.disconnect(look);
        kernel?.disposed.disconnect(close);
      };
    }

    export default { initialize };
    """

    root = traitlets.Unicode().tag(sync=True)
    left = traitlets.Dict().tag(sync=True)
    final = traitlets.Dict().tag(sync=True)
