/** Whether the kernel is gone that a picker speaks to: nothing it offers can be done from then on. */

const GONE = ["restarting", "autorestarting", "terminating", "dead"];

/**
 * Calls a function when the kernel is gone, perhaps more than once.
 *
 * @param {import("./types.js").Model} model
 * @param {() => void} heed
 * @returns {() => void} Ends the listening.
 */
export function whenGone(model, heed) {
  // Jupyter's own front ends know the kernel; elsewhere the model's word has to do.
  const kernel = /** @type {any} */ (model.widget_manager)?.kernel;
  const look = (/** @type {unknown} */ _, /** @type {string} */ status) => {
    if (GONE.includes(status)) heed();
  };
  const any = /** @type {any} */ (model);
  any.on("comm_live_update", heed);
  kernel?.statusChanged.connect(look);
  kernel?.disposed.connect(heed);
  return () => {
    any.off("comm_live_update", heed);
    kernel?.statusChanged.disconnect(look);
    kernel?.disposed.disconnect(heed);
  };
}
